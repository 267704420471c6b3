"""Do the input schemas say what the SDK does? Run by a workflow's interpreter, beside hypothesis and jsonschema.

    python schema_properties.py FOLDER_OF_SCHEMAS_PY [EXAMPLES]

For every supported type: what the SDK serializes is accepted by the schema, and an input that the schema accepts is deserialized.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import importlib.util
import json
import sys
import typing
import uuid
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tilebox.workflows import Task

sys.path.insert(0, sys.argv[1])
import schemas

MODERN = importlib.util.find_spec("tilebox.workflows._serialization") is not None
GEO = importlib.util.find_spec("tilebox.workflows._codec") is not None and importlib.util.find_spec("odc") is not None
EXAMPLES = int(sys.argv[2]) if len(sys.argv) > 2 else 30

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
minutes = st.integers(-23 * 60, 23 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
datetimes = st.datetimes(timezones=st.none() | st.just(dt.timezone.utc) | minutes)


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    """A place."""

    x: float
    y: float = 0.5
    label: typing.Optional[str] = None  # noqa: UP045 -- one of the spellings under test
    cached: int = field(default=0, metadata={"skip_serialization": True})


@dataclass
class Node:
    name: str
    children: "list[Node]" = field(default_factory=list)


points = st.builds(Point, x=floats, y=floats, label=st.none() | text)
nodes = st.recursive(st.builds(Node, text), lambda inner: st.builds(Node, text, st.lists(inner, max_size=2)), max_leaves=4)
CASES = {
    "int": (int, integers),
    "float": (float, floats),
    "str": (str, text),
    "bool": (bool, st.booleans()),
    "any": (typing.Any, st.none() | integers | text),
    "optional": (typing.Optional[int], st.none() | integers),  # noqa: UP045
    "union": (int | str | None, st.none() | integers | text),
    "literal": (typing.Literal["a", "b", 3], st.sampled_from(["a", "b", 3])),
    "list": (list[int], st.lists(integers, max_size=3)),
    "bare list": (list, st.lists(integers, max_size=3)),
    "list of lists": (list[list[float]], st.lists(st.lists(floats, max_size=2), max_size=2)),
    "tuple": (tuple[int, str], st.tuples(integers, text)),
    "long tuple": (tuple[float, ...], st.lists(floats, max_size=3).map(tuple)),
    "dict": (dict[str, int], st.dictionaries(text, integers, max_size=3)),
    "bare dict": (dict, st.dictionaries(text, integers, max_size=3)),
    "dataclass": (Point, points),
    "optional dataclass": (Point | None, st.none() | points),
    "dataclasses": (list[Point], st.lists(points, max_size=2)),
    "dict of dataclasses": (dict[str, Point], st.dictionaries(text, points, max_size=2)),
    "recursive dataclass": (Node, nodes),
    "annotated": (typing.Annotated[int, "a note"], integers),
    "new type": (typing.NewType("Count", int), integers),
    "protobuf": (Duration, st.builds(Duration, seconds=st.integers(0, 10**6))),
    "optional protobuf": (Duration | None, st.builds(Duration, seconds=st.integers(1, 10**6))),
}
if MODERN:
    import msgspec

    class Named(typing.NamedTuple):
        a: int
        b: str = "b"

    class Keyed(typing.TypedDict):
        a: int

    class Struct(msgspec.Struct):
        a: int
        when: typing.Optional[str] = None  # noqa: UP045

    class Opaque:
        pass

    CASES |= {
        "datetime": (dt.datetime, datetimes),
        "optional datetime": (dt.datetime | None, st.none() | datetimes),
        "datetimes": (list[dt.datetime], st.lists(datetimes, max_size=2)),
        "date": (dt.date, st.dates()),
        "time": (dt.time, st.times(timezones=st.none() | st.just(dt.timezone.utc))),
        "timedelta": (dt.timedelta, st.timedeltas()),
        "uuid": (uuid.UUID, st.uuids()),
        "decimal": (decimal.Decimal, st.decimals(allow_nan=False)),
        "bytes": (bytes, st.binary(max_size=8)),
        "enum": (Color, st.sampled_from(Color)),
        "int enum": (Level, st.sampled_from(Level)),
        "set": (set[int], st.sets(integers, max_size=3)),
        "frozenset": (frozenset[str], st.frozensets(text, max_size=3)),
        "sequence": (typing.Sequence[int], st.lists(integers, max_size=3)),
        "mapping": (typing.Mapping[str, int], st.dictionaries(text, integers, max_size=3)),
        "int keys": (dict[int, str], st.dictionaries(integers, text, max_size=3)),
        "float keys": (dict[float, str], st.dictionaries(st.floats(-1e9, 1e9), text, max_size=3)),
        "uuid keys": (dict[uuid.UUID, int], st.dictionaries(st.uuids(), integers, max_size=2)),
        "enum keys": (dict[Color, int], st.dictionaries(st.sampled_from(Color), integers, max_size=2)),
        "date keys": (dict[dt.date, int], st.dictionaries(st.dates(), integers, max_size=2)),
        "path": (Path, st.just(Path("scenes/a.tif"))),
        "pure path": (PurePosixPath, st.just(PurePosixPath("scenes/a.tif"))),
        "zone": (ZoneInfo, st.sampled_from(["UTC", "Europe/Vienna"]).map(ZoneInfo)),
        "named tuple": (Named, st.builds(Named, integers, text)),
        "typed dict": (Keyed, st.fixed_dictionaries({"a": integers})),
        "struct": (Struct, st.builds(Struct, integers, st.none() | text)),
        "limits": (
            typing.Annotated[int, msgspec.Meta(ge=0, lt=10)] | None,
            st.none() | st.integers(0, 9),
        ),
        "list limits": (typing.Annotated[list[int], msgspec.Meta(max_length=2)], st.lists(integers, max_size=2)),
        "protobufs": (list[Duration], st.lists(st.builds(Duration, seconds=st.integers(0, 9)), max_size=2)),
    }
if GEO:
    from affine import Affine
    from odc.geo import CRS, XY, Resolution, resxy_, xy_
    from odc.geo.geobox import GeoBox, GeoboxTiles
    from odc.geo.geom import BoundingBox, Geometry, point
    from pyproj import CRS as PyprojCRS  # noqa: N811 -- a class, whatever its name looks like
    from shapely import Geometry as Shape
    from shapely.geometry import LinearRing, Polygon
    from shapely.geometry import Point as ShapelyPoint
    from tilebox.datasets.query.time_interval import TimeInterval

    near = st.floats(-80, 80)
    epsg = st.sampled_from(["EPSG:4326", "EPSG:32633"])
    boxes = st.builds(lambda crs: GeoBox((4, 5), Affine(10, 0, 300000, 0, -10, 5000000), crs), epsg)
    moments = st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.timezone.utc))  # noqa: DTZ001 -- Hypothesis takes bounds without a zone
    CASES |= {
        "affine": (Affine, st.builds(Affine, near, near, near, near, near, near)),
        "affines": (list[Affine] | None, st.none() | st.lists(st.builds(Affine, near, near, near, near, near, near), max_size=2)),
        "odc crs": (CRS, epsg.map(CRS)),
        "pyproj crs": (PyprojCRS, epsg.map(PyprojCRS)),
        "xy": (XY, st.builds(xy_, near, near)),
        "resolution": (Resolution, st.builds(resxy_, near, near)),
        "bounding box": (BoundingBox, st.builds(lambda a, b, crs: BoundingBox(a, b, a + 1, b + 1, crs), near, near, epsg)),
        "geobox": (GeoBox, boxes),
        "optional geobox": (GeoBox | None, st.none() | boxes),
        "geobox tiles": (GeoboxTiles, boxes.map(lambda box: GeoboxTiles(box, (2, 2)))),
        "odc geometry": (Geometry, st.builds(lambda x, y: point(x, y, "EPSG:4326"), near, near)),
        "shape": (Shape, st.builds(ShapelyPoint, near, near)),
        "polygon": (Polygon, st.just(Polygon([(0, 0), (1, 0), (1, 1)]))),
        "ring": (LinearRing, st.just(LinearRing([(0, 0), (1, 0), (1, 1)]))),
        "time interval": (TimeInterval, st.builds(lambda a: TimeInterval(a, a + dt.timedelta(days=1)), moments)),
    }


def task_of(**annotations):
    namespace = {"__annotations__": annotations, "__module__": __name__, "execute": lambda self, context: None}  # noqa: ARG005 -- the SDK's signature
    return type("T", (Task,), namespace)


def instances(schema, definitions):
    """JSON values that `schema` accepts."""
    if "$ref" in schema:
        return st.deferred(lambda: instances(definitions[schema["$ref"].rpartition("/")[2]], definitions))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([instances(item, definitions) for item in schema["anyOf"]])
    if schema.get("title") in TITLED:
        return TITLED[schema["title"]]
    if media := schema.get("contentMediaType"):
        assert media == "application/protobuf; messageType=google.protobuf.Duration"
        return st.sampled_from(["", "CAE=", "CAUQAQ=="])
    return BY_TYPE[schema.get("type")](schema, definitions)


def arrays(schema, definitions):
    if "prefixItems" in schema:
        return st.tuples(*(instances(item, definitions) for item in schema["prefixItems"])).map(list)
    unique = json.dumps if schema.get("uniqueItems") else None
    items = instances(schema.get("items", {}), definitions)
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3), unique_by=unique)


def objects(schema, definitions):
    properties = {name: instances(item, definitions) for name, item in schema.get("properties", {}).items()}
    if properties:
        required = {name: item for name, item in properties.items() if name in schema.get("required", ())}
        others = {name: item for name, item in properties.items() if name not in required}
        known = st.fixed_dictionaries(required, optional=others)
        if schema.get("additionalProperties", True) is False:
            return known
        return st.builds(lambda more, some: {**more, **some}, st.dictionaries(st.just("unknown-"), integers, max_size=1), known)
    names = instances({"type": "string", **schema.get("propertyNames", {})}, definitions)
    values = instances(schema.get("additionalProperties", {}), definitions)
    return st.dictionaries(names, values, max_size=3)


def strings(schema, _):
    if "pattern" in schema:  # ECMA-262, in which $ is the very end
        return st.from_regex(schema["pattern"], fullmatch=True)
    return text


BY_TYPE = {
    None: lambda *_: st.none() | integers | text,
    "null": lambda *_: st.none(),
    "boolean": lambda *_: st.booleans(),
    "integer": lambda schema, _: st.integers(schema.get("minimum", -(2**70)), schema.get("exclusiveMaximum", 2**70 + 1) - 1),
    "number": lambda *_: floats | st.integers(-(10**15), 10**15),
    "string": strings,
    "array": arrays,
    "object": objects,
}
TITLED = {"zoneinfo.ZoneInfo": st.sampled_from(["UTC", "Asia/Tokyo"])}


def example_inputs(cls, values):
    """Inputs of types whose rules JSON Schema cannot say: as the SDK writes them."""
    return values.map(lambda value: cls(value)._serialize())


def check(name, kind, values):
    configure = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    for fields in (1, 2):
        cls = task_of(value=kind) if fields == 1 else task_of(value=kind, count=int)
        schema = schemas.input_schema(cls)
        assert schema is not None, name
        json.dumps(schema, allow_nan=False)
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        wire = schema.get("$comment") == schemas.WIRE_BYTES

        @configure
        @given(values)
        def written_is_accepted(value):
            task = cls(value) if fields == 1 else cls(value, 3)  # noqa: B023
            written = task._serialize()
            if wire:  # noqa: B023
                assert written == value.SerializeToString()
            else:
                validator.validate(json.loads(written))  # noqa: B023
            cls._deserialize(written)  # noqa: B023

        written_is_accepted()
        semantic = name in SEMANTIC or wire

        @configure
        @given(instances(schema, schema.get("$defs", {})))
        def accepted_is_read(instance):
            validator.validate(instance)  # noqa: B023
            cls._deserialize(json.dumps(instance).encode())  # noqa: B023

        if not semantic:
            accepted_is_read()
    print("ok", name)


SEMANTIC = {
    "odc crs",
    "pyproj crs",
    "bounding box",
    "geobox",
    "optional geobox",
    "geobox tiles",
    "odc geometry",
    "shape",
    "polygon",
    "ring",
    "time interval",
}
"""Cases with a reference system, a geometry or a time stamp in protobuf's form: JSON Schema cannot say which texts name one."""


def special_cases():
    nothing = task_of()
    assert nothing()._serialize() == b""
    assert schemas.input_schema(nothing)["type"] == "null"
    nothing._deserialize(b"null")

    class Skipping(Task):
        kept: int
        left_out: int = field(default=1, metadata={"skip_serialization": True})

        def execute(self, context):
            pass

    assert schemas.input_schema(Skipping)["type"] == "integer"
    assert Skipping(3)._serialize() == b"3"

    unknown = task_of(value=complex)
    assert schemas.input_schema(unknown) == {"$schema": schemas.DIALECT, "title": "builtins.complex"}
    unresolvable = task_of(value="NoSuchType")
    assert schemas.input_schema(unresolvable) is None
    infinite = type(
        "T", (Task,), {"__annotations__": {"a": float, "b": int}, "a": float("inf"), "b": 2, "execute": nothing.execute}
    )
    assert "default" not in schemas.input_schema(infinite)["properties"]["a"]
    assert schemas.input_schema(infinite)["properties"]["b"]["default"] == 2
    assert dataclasses.is_dataclass(Skipping)


if __name__ == "__main__":
    special_cases()
    for case, (annotation, strategy) in CASES.items():
        check(case, annotation, strategy)
    print(len(CASES), "types, modern" if MODERN else "types, plain JSON", "with geo" if GEO else "")
