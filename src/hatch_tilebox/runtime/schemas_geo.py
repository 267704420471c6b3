"""Schemas of the types that Tilebox has a codec for. Runs inside the workflow's interpreter, beside `schemas.py`.

The forms are those that `tilebox.workflows._codecs` writes.
"""

from __future__ import annotations

from typing import Any

NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
CRS: dict[str, Any] = {"type": "string", "description": "an authority code such as EPSG:4326, or WKT", "minLength": 1}
MAYBE_CRS: dict[str, Any] = {"anyOf": [CRS, {"type": "null"}]}
GEOJSON: dict[str, Any] = {
    "type": "object",
    "description": "a GeoJSON geometry",
    "required": ["type"],
    "properties": {"type": {"type": "string"}},
}
WKB: dict[str, Any] = {"type": "string", "description": "well-known binary", "contentEncoding": "base64", "minLength": 1}
TIMESTAMP: dict[str, Any] = {"type": "string", "description": "date and time in UTC"}


def numbers(count: int, item: dict[str, Any] = NUMBER) -> dict[str, Any]:
    """An array of `count` items."""
    return {"type": "array", "items": item, "minItems": count, "maxItems": count}


def record(optional: tuple[str, ...] = (), /, **properties: dict[str, Any]) -> dict[str, Any]:
    """An object with `properties`, all required but those named in `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


GEOBOX = record(shape=numbers(2, INTEGER), affine=numbers(6), crs=MAYBE_CRS)
CHUNKS: dict[str, Any] = {"type": "array", "items": INTEGER}
CHUNKING: dict[str, Any] = {"anyOf": [record(tile_shape=numbers(2, INTEGER)), record(chunks=record(y=CHUNKS, x=CHUNKS))]}
WINDOW = record(row_offset=NUMBER, column_offset=NUMBER, height=NUMBER, width=NUMBER)
FLAGS = ("start_time", "end_time", "start_exclusive", "end_inclusive")
TIME_INTERVAL = record(FLAGS, start_time=TIMESTAMP, end_time=TIMESTAMP, start_exclusive=BOOLEAN, end_inclusive=BOOLEAN)

CODECS: dict[str, dict[str, Any]] = {
    "affine.Affine": numbers(6),
    "async_geotiff.Window": WINDOW,
    "odc.geo.BoundingBox": record(bounds=numbers(4), crs=MAYBE_CRS),
    "odc.geo.CRS": CRS,
    "odc.geo.GeoBox": GEOBOX,
    "odc.geo.GeoboxTiles": record(base=GEOBOX, chunking=CHUNKING),
    "odc.geo.Geometry": record(geometry=GEOJSON, crs=MAYBE_CRS),
    "odc.geo.Index2d": record(x=INTEGER, y=INTEGER),
    "odc.geo.Resolution": record(x=NUMBER, y=NUMBER),
    "odc.geo.Shape2d": record(x=INTEGER, y=INTEGER),
    "odc.geo.XY": record(x=NUMBER, y=NUMBER),
    "pyproj.CRS": CRS,
    "rasterio.Window": WINDOW,
    "shapely.BaseGeometry": {"anyOf": [WKB, GEOJSON]},
    "shapely.Geometry": {"anyOf": [WKB, GEOJSON]},
    "tilebox.IDInterval": {"type": "object"},
    "tilebox.SpatialFilter": {"type": "object"},
    "tilebox.TimeInterval": TIME_INTERVAL,
}
"""By the package that a class comes from and its name: modules inside a package move between its versions."""


def codec_schema(kind: type) -> dict[str, Any] | None:
    """The schema of the form in which the codec for `kind` writes its values."""
    package = "odc.geo" if kind.__module__.startswith("odc.geo") else kind.__module__.partition(".")[0]
    return CODECS.get(f"{package}.{kind.__name__}")
