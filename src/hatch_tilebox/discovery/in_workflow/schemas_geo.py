"""JSON Schemas of the types for which the SDK has a codec, in the forms that `tilebox.workflows._codecs` writes and reads."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from . import schemas_scalars as scalars

if TYPE_CHECKING:
    from collections.abc import Callable

    Define = Callable[[str, str, Callable[[], dict[str, Any]]], dict[str, Any]]

NUMBER: dict[str, Any] = {"type": "number"}
EXTENT: dict[str, Any] = {"type": "number", "minimum": 0}
INTEGER: dict[str, Any] = {"type": "integer"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
SIZE: dict[str, Any] = {"type": "integer", "minimum": 1}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
CRS: dict[str, Any] = {"type": "string", "title": "authority code such as EPSG:4326, or WKT", "minLength": 1}
MAYBE_CRS: dict[str, Any] = {"anyOf": [CRS, {"type": "null"}]}
UTC_TIME = scalars.text(rf"{scalars.DATE}T{scalars.CLOCK}(?:\.[0-9]{{1,9}})?Z", title="date and time in UTC")
ISO_TIME = scalars.text(
    rf"{scalars.DATE}T{scalars.CLOCK}(?:\.[0-9]{{3}}(?:[0-9]{{3}})?)?(?:[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?",
    title="date and time",
)


def many(item: dict[str, Any], least: int = 0, most: int | None = None, **more: Any) -> dict[str, Any]:
    """An array of at least `least` items and at most `most`."""
    found = {"type": "array", "items": item, **({"minItems": least} if least else {}), **more}
    return found if most is None else {**found, "maxItems": most}


def record(optional: tuple[str, ...] = (), /, **properties: dict[str, Any]) -> dict[str, Any]:
    """An object with `properties`, all required but those named in `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def closed(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """`schema`, with no other members."""
    return {**schema, "additionalProperties": False, **more}


def base64(title: str, pattern: str = f"^(?:{scalars.BASE64})$") -> dict[str, Any]:
    """Bytes as base64."""
    return {"type": "string", "contentEncoding": "base64", "pattern": pattern, "title": title}


GEOBOX = record(shape=many(COUNT, 2, 2), affine=many(NUMBER, 6, 6), crs=MAYBE_CRS)
CHUNKS = many({**COUNT, "maximum": 2**31 - 1})
CHUNKING = {
    "anyOf": [
        closed(record(tile_shape=many(SIZE, 2, 2)), title="object with tile_shape"),
        closed(record(chunks=record(y=CHUNKS, x=CHUNKS)), title="object with chunks"),
    ]
}

FLAGS = {"start_exclusive": BOOLEAN, "end_inclusive": BOOLEAN}
# The JSON form of a protobuf message has no other members, and omits members that are false or zero.
TIME_INTERVAL = closed(record((*FLAGS,), start_time=UTC_TIME, end_time=UTC_TIME, **FLAGS))
OLDER_TIME_INTERVAL = record((*FLAGS,), start=ISO_TIME, end=ISO_TIME, **FLAGS)
UUID = closed(record(uuid=base64("16 bytes of a UUID", "^[A-Za-z0-9+/]{21}[AQgw]==$")), title="object with uuid in base64")
ID_INTERVAL = closed(record(("start_id", "end_id", *FLAGS), start_id=UUID, end_id=UUID, **FLAGS))

INLINE = {"affine.Affine": many(NUMBER, 6, 6), "odc.geo.CRS": CRS, "pyproj.CRS": CRS}
OBJECTS = {
    "async_geotiff.Window": record(row_offset=COUNT, column_offset=COUNT, height=SIZE, width=SIZE),
    "odc.geo.BoundingBox": record(bounds=many(NUMBER, 4, 4), crs=MAYBE_CRS),
    "odc.geo.GeoBox": GEOBOX,
    "odc.geo.Index2d": record(x=INTEGER, y=INTEGER),
    "odc.geo.Resolution": record(x=NUMBER, y=NUMBER),
    "odc.geo.Shape2d": record(x=INTEGER, y=INTEGER),
    "odc.geo.XY": record(x=NUMBER, y=NUMBER),
    "rasterio.Window": record(row_offset=NUMBER, column_offset=NUMBER, height=EXTENT, width=EXTENT),
    "tilebox.IDInterval": ID_INTERVAL,
}
"""By top-level package and class name: modules inside a package move between versions."""

CLOSED = "the last position is the first"
POSITION = many(NUMBER, 2, 3)
LINE = many(POSITION, 2)
RING = many(POSITION, 4, description=CLOSED)
POLYGON = {"anyOf": [many(RING, 1), {"const": [[]]}]}
EMPTY: dict[str, Any] = {"const": []}
COORDINATES: dict[str, dict[str, Any]] = {
    "Point": {"anyOf": [POSITION, EMPTY]},
    "LineString": {"anyOf": [LINE, EMPTY]},
    "Polygon": POLYGON,
    "MultiPoint": many(POSITION),
    "MultiLineString": many(LINE),
    "MultiPolygon": many(POLYGON),
    "LinearRing": {"anyOf": [many(many(NUMBER, size, size), 4, description=CLOSED) for size in (2, 3)]},
}
SIMPLE = tuple(COORDINATES)[:-1]
COLLECTION = "GeometryCollection"


def codec_schema(kind: type, define: Define) -> dict[str, Any] | None:
    """The schema of the form that the codec for `kind` writes. `define` creates a definition and returns a reference to it."""
    if kind.__module__.startswith("shapely."):
        return shape(kind, define)
    for base in kind.__mro__:
        package = "odc.geo" if base.__module__.startswith("odc.geo") else base.__module__.partition(".")[0]
        name = f"{package}.{base.__name__}"
        if name in INLINE:
            return {**INLINE[name], "title": name}
        if name in OBJECTS:
            return named(define, name, OBJECTS[name])
        if name in COMPOSED:
            return COMPOSED[name](base, define)
    return None


def named(define: Define, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A reference to the definition of the type `name`. The title contains its package."""
    return define(name, name.rpartition(".")[2], lambda: {**schema, "title": name})


def time_interval(_: type, define: Define) -> dict[str, Any]:
    """A TimeInterval. The SDK also reads the form of SDKs before 0.59."""
    current = named(define, "tilebox.TimeInterval", TIME_INTERVAL)
    return {"anyOf": [current, define("OlderTimeInterval", "OlderTimeInterval", lambda: OLDER_TIME_INTERVAL)]}


def spatial_filter(kind: type, define: Define) -> dict[str, Any]:
    """A SpatialFilter, whose modes differ between versions of the SDK."""
    module = sys.modules[kind.__module__]
    modes = {"enum": [f"SPATIAL_FILTER_MODE_{mode.name}" for mode in module.SpatialFilterMode]}
    systems = {"enum": [f"SPATIAL_COORDINATE_SYSTEM_{system.name}" for system in module.SpatialCoordinateSystem]}
    geometry = closed(record(wkb=base64("WKB of a Geometry")), title="object with wkb in base64")
    members = record(("mode", "coordinate_system"), geometry=geometry, mode=modes, coordinate_system=systems)
    return named(define, "tilebox.SpatialFilter", closed(members))


def tiles(_: type, define: Define) -> dict[str, Any]:
    """The GeoboxTiles of odc.geo."""
    return named(define, "odc.geo.GeoboxTiles", record(base=named(define, "odc.geo.GeoBox", GEOBOX), chunking=CHUNKING))


def odc_geometry(_: type, define: Define) -> dict[str, Any]:
    """The Geometry of odc.geo. Its codec writes collections and cannot read them."""
    return named(define, "odc.geo.Geometry", record(geometry=geojson(define), crs=MAYBE_CRS))


COMPOSED = {
    "odc.geo.Geometry": odc_geometry,
    "odc.geo.GeoboxTiles": tiles,
    "tilebox.SpatialFilter": spatial_filter,
    "tilebox.TimeInterval": time_interval,
}


def shape(kind: type, define: Define) -> dict[str, Any] | None:
    """A geometry of shapely, as GeoJSON or as WKB: of the class `kind` or a subclass. WKB has no separate type for rings."""
    shapely = importlib.import_module("shapely")
    names = [name for name in (*COORDINATES, COLLECTION) if issubclass(getattr(shapely, name), kind)]
    if not names:
        return None
    simple = [geojson(define)] if {*SIMPLE} <= {*names} else [geometry(name) for name in names if name in SIMPLE]
    others = [collection(define) if name == COLLECTION else geometry(name) for name in names if name not in SIMPLE]
    wkb = base64(f"WKB of a {kind.__name__.removeprefix('Base')}")
    return others[0] if names == ["LinearRing"] else {"anyOf": [*simple, *others, wkb]}


def geometry(name: str) -> dict[str, Any]:
    """A GeoJSON geometry of one type."""
    return {**record(type={"const": name}, coordinates=COORDINATES[name]), "title": name}


def geojson(define: Define) -> dict[str, Any]:
    """A GeoJSON geometry that is not a collection."""
    return define("GeoJSON", "GeoJSON", lambda: {"anyOf": [geometry(name) for name in SIMPLE]})


def collection(define: Define) -> dict[str, Any]:
    """A GeoJSON collection of geometries."""

    def make() -> dict[str, Any]:
        members = many({"anyOf": [geojson(define), collection(define)]})
        return {**record(type={"const": COLLECTION}, geometries=members), "title": COLLECTION}

    return define(COLLECTION, COLLECTION, make)
