"""Types that the SDK has a codec for, as far as their packages are installed, with strategies for their values."""

import contextlib
import datetime as dt
import importlib
import typing
from dataclasses import dataclass
from importlib.util import find_spec
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from schema_cases_msgspec import Box
from schema_instances import LEAVES, floats, in_base64, integers
from tilebox.workflows import _codec

CASES = {}
near = st.floats(-80, 80)
pairs = st.tuples(near, near)
codes = st.sampled_from(["EPSG:4326", "EPSG:32633"])


def codec_types():
    """The types in the SDK's registry, and the modules of codecs that cannot be had, as what they are for is not installed."""
    missing = [provider for _, provider in _codec._PROVIDERS if not registered(provider)]
    return [*_codec.registry._codecs], missing


def registered(provider):
    try:
        importlib.import_module(provider).register(_codec.registry, object)
    except ImportError:
        return False
    return True


if find_spec("pyproj"):
    from pyproj import CRS as PyprojCRS  # noqa: N811 -- a class, whatever its name looks like

    names = codes | codes.map(lambda code: PyprojCRS(code).to_wkt()) | st.just("+proj=laea +lat_0=52 +lon_0=10 +type=crs")
    LEAVES |= dict.fromkeys(("authority code such as EPSG:4326, or WKT", "odc.geo.CRS", "pyproj.CRS"), lambda _: names)
    CASES |= {"pyproj crs": (PyprojCRS, names.map(PyprojCRS))}

if find_spec("affine"):
    from affine import Affine

    affines = st.builds(Affine, *[near] * 6)

    class Grid(msgspec.Struct):
        """A place where the SDK does not look for codecs."""

        affine: Affine

    LEAVES["Affine"] = lambda schema: st.fixed_dictionaries(dict.fromkeys(schema["required"], floats))

    @dataclass
    class Placed:
        affine: Affine
        name: str = "a"

    CASES |= {
        "affine": (Affine, affines),
        "optional affine": (Affine | None, st.none() | affines),
        "affines": (list[Affine] | None, st.none() | st.lists(affines, max_size=2)),
        "affines by name": (dict[str, Affine], st.dictionaries(st.just("a"), affines)),
        "placed": (Placed, st.builds(Placed, affines)),
        "placed in both ways": (
            tuple[Placed, typing.Sequence[Placed]],
            st.tuples(st.builds(Placed, affines), st.lists(st.builds(Placed, affines), max_size=1)),
        ),
        "affine in a struct": (Grid, st.builds(Grid, affines)),
        "affine in a generic": (Box[Affine], st.builds(Box, affines)),
        "new type of affine": (typing.NewType("Transform", Affine), affines),
        "sequence of affines": (typing.Sequence[Affine], st.lists(affines, max_size=2)),
    }

if find_spec("shapely"):
    import shapely
    from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

    corners = st.tuples(near, near).map(lambda at: [at, (at[0] + 1, at[1]), (at[0], at[1] + 1), at])
    flat = {
        shapely.Point: pairs.map(shapely.Point) | st.just(shapely.Point()) | st.just(shapely.Point(1, 2, 3)),
        shapely.LineString: st.lists(pairs, min_size=2, max_size=3).map(shapely.LineString) | st.just(shapely.LineString()),
        shapely.Polygon: corners.map(shapely.Polygon) | st.just(shapely.Polygon()) | st.just(shapely.Point(1, 1).buffer(2)),
        shapely.MultiPoint: st.lists(pairs, max_size=2).map(shapely.MultiPoint),
        shapely.MultiLineString: st.lists(corners, max_size=2).map(shapely.MultiLineString),
        shapely.MultiPolygon: st.lists(corners.map(shapely.Polygon), max_size=2).map(shapely.MultiPolygon),
    }
    simple = st.one_of([*flat.values()])
    in_wkb = {**flat, shapely.GeometryCollection: st.lists(simple, max_size=2).map(shapely.GeometryCollection)}
    rings = corners.map(shapely.LinearRing) | st.just(shapely.LinearRing([(0, 0, 1), (1, 0, 1), (1, 1, 1)]))
    shapes = {**in_wkb, shapely.LineString: flat[shapely.LineString] | rings, shapely.LinearRing: rings}
    many = st.one_of([values for kind, values in in_wkb.items() if issubclass(kind, BaseMultipartGeometry)])
    LEAVES |= {f"WKB of a {kind.__name__}": lambda _, wkb=wkb: in_base64(wkb.map(shapely.to_wkb)) for kind, wkb in in_wkb.items()}
    LEAVES["WKB of a Geometry"] = lambda _: in_base64(st.one_of([*in_wkb.values()]).map(shapely.to_wkb))
    LEAVES["WKB of a MultipartGeometry"] = lambda _: in_base64(many.map(shapely.to_wkb))
    CASES |= {f"shapely {kind.__name__}": (kind, values) for kind, values in shapes.items()}
    CASES |= {
        "shapely geometry": (shapely.Geometry, st.one_of([*shapes.values()])),
        "shapely base": (BaseGeometry, st.one_of([*shapes.values()])),
        "shapely parts": (BaseMultipartGeometry, many),
        "polygons": (list[shapely.Polygon], st.lists(shapes[shapely.Polygon], max_size=2)),
    }

with contextlib.suppress(ImportError):
    from tilebox.datasets.data.data_access import SpatialCoordinateSystem, SpatialFilter, SpatialFilterMode
    from tilebox.datasets.query.id_interval import IDInterval
    from tilebox.datasets.query.time_interval import TimeInterval

    moments = st.datetimes(timezones=st.just(dt.timezone.utc))
    intervals = st.builds(TimeInterval, moments, moments, st.booleans(), st.booleans())
    ids = st.builds(IDInterval, st.uuids() | st.just(UUID(int=0)), st.uuids(), st.booleans(), st.booleans())
    modes, systems = st.none() | st.sampled_from(SpatialFilterMode), st.none() | st.sampled_from(SpatialCoordinateSystem)
    filters = st.builds(SpatialFilter, st.one_of([*in_wkb.values()]), modes, systems)

    class Query(typing.NamedTuple):
        """A place where the SDK does not look for codecs."""

        time: TimeInterval
        ids: IDInterval | None = None

    CASES |= {
        "time interval": (TimeInterval, intervals),
        "optional time interval": (TimeInterval | None, st.none() | intervals),
        "time intervals by name": (typing.Mapping[str, TimeInterval], st.dictionaries(st.just("a"), intervals)),
        "id interval": (IDInterval, ids),
        "id intervals": (list[IDInterval], st.lists(ids, max_size=2)),
        "spatial filter": (SpatialFilter, filters),
        "spatial filters in a sequence": (typing.Sequence[SpatialFilter], st.lists(filters, max_size=1)),
        "intervals in a tuple": (Query, st.builds(Query, intervals, st.none() | ids)),
    }

if find_spec("rasterio"):
    from rasterio.windows import Window

    windows = st.builds(Window, near, near, st.floats(0, 80), st.integers(0, 80))
    CASES |= {"rasterio window": (Window, windows), "rasterio windows": (list[Window], st.lists(windows, max_size=2))}

if find_spec("async_geotiff"):
    from async_geotiff import Window as PixelWindow

    offsets, sizes = st.integers(0, 2**40), st.integers(1, 2**40)
    pixels = st.builds(PixelWindow, offsets, offsets, sizes, sizes)
    CASES |= {"pixel window": (PixelWindow, pixels), "optional pixel window": (PixelWindow | None, st.none() | pixels)}

if find_spec("odc"):
    from odc.geo import CRS, XY, BoundingBox, GeoBox, Geometry, Index2d, Resolution, Shape2d
    from odc.geo.geobox import GeoboxTiles

    maybe = st.none() | names
    boxes = st.builds(GeoBox, st.tuples(st.integers(0, 99), st.integers(0, 99)), affines, maybe)
    full = st.builds(GeoBox, st.tuples(st.integers(1, 9), st.integers(1, 9)), affines, maybe)
    tile_shapes = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.just(((1, 3, 2), (4, 1)))
    CASES |= {
        "odc crs": (CRS, names.map(CRS)),
        "xy": (XY, st.builds(XY, near, near | integers)),
        "resolution": (Resolution, st.builds(Resolution, near, near)),
        "index": (Index2d, st.builds(Index2d, integers, integers)),
        "shape": (Shape2d, st.builds(Shape2d, integers, integers)),
        "bounding box": (BoundingBox, st.builds(BoundingBox, floats, floats, floats, floats, maybe)),
        "geobox": (GeoBox, boxes),
        "optional geobox": (GeoBox | None, st.none() | boxes),
        "geobox tiles": (GeoboxTiles, st.builds(GeoboxTiles, full, tile_shapes)),
        "odc geometry": (Geometry, st.builds(Geometry, simple, maybe)),
    }
