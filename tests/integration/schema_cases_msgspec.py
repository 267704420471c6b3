"""Types of task inputs that SDKs with msgspec know, with strategies for their values."""

import decimal
import enum
import typing
import uuid
from collections import namedtuple
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import msgspec
from google.protobuf.duration_pb2 import Duration
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType
from schema_cases import Point, aware, datetimes, lists, points
from schema_instances import durations, floats, integers, text
from typing_extensions import NotRequired, Required, TypedDict

T = typing.TypeVar("T")
N = typing.TypeVar("N", bound=int)


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Name(str, enum.Enum):
    A = "a"
    B = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Bands(enum.Flag):
    RED = 1
    GREEN = 2


class Bits(enum.IntFlag):
    LOW = 1
    HIGH = 4


class Named(typing.NamedTuple):
    a: int
    b: str = "b"
    next: "Named | None" = None


Bare = namedtuple("Bare", "a b")  # noqa: PYI024 -- one of the spellings under test


class Keyed(typing.TypedDict):
    a: int


class Partial(TypedDict, total=False):
    a: Required[int]
    b: str


class More(Partial):
    c: NotRequired[datetime]
    d: int


class Plain(Struct):
    a: int
    when: typing.Optional[datetime] = None  # noqa: UP045
    points: list[Point] = []


class Cat(Struct, tag=True):
    lives: int = 9


class Dog(Struct, tag=True):
    name: str


class Row(Struct, array_like=True, tag=3):
    a: int
    b: str = "b"


class Strict(Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    scene_id: str
    cloud_cover: float = msgspec.field(default=0.5, name="clouds")


class Sparse(Struct):
    a: int | UnsetType = UNSET


class Tree(Struct, typing.Generic[T]):
    value: T
    next: "Tree[T] | None" = None


@dataclass
class Box(typing.Generic[T]):
    value: T
    others: list[T] = field(default_factory=list)


@dataclass
class Boxes(Box[list[T]], typing.Generic[T, N]):
    more: T | None = None
    count: N | None = None


@dataclass
class Made:
    a: int
    b: int = field(init=False)

    def __post_init__(self):
        self.b = 2 * self.a


trees = st.recursive(st.builds(Tree, integers), lambda inner: st.builds(Tree, integers, inner), max_leaves=3)
tuples = st.recursive(st.builds(Named, integers, text), lambda inner: st.builds(Named, integers, text, inner), max_leaves=3)
mores = st.fixed_dictionaries({"a": integers, "d": integers}, optional={"b": text, "c": datetimes})


def dicts(keys, values=integers):
    return st.dictionaries(keys, values, max_size=2)


CASES = {
    "datetime": (datetime, datetimes),
    "optional datetime": (datetime | None, st.none() | datetimes),
    "datetimes": (list[datetime], st.lists(datetimes, max_size=2)),
    "aware datetime": (typing.Annotated[datetime, Meta(tz=True)], aware),
    "naive datetime": (typing.Annotated[datetime, Meta(tz=False)], st.datetimes()),
    "date": (date, st.dates()),
    "time": (time, st.times(timezones=st.none() | st.just(timezone.utc))),
    "timedelta": (timedelta, st.timedeltas()),
    "uuid": (uuid.UUID, st.uuids()),
    "decimal": (decimal.Decimal, st.decimals(allow_nan=False)),
    "bytes": (bytes, st.binary(max_size=8)),
    "bytearray": (bytearray, st.binary(max_size=8).map(bytearray)),
    "sized bytes": (typing.Annotated[bytes, Meta(min_length=2, max_length=4)], st.binary(min_size=2, max_size=4)),
    "enum": (Color, st.sampled_from(Color)),
    "str enum": (Name, st.sampled_from(Name)),
    "int enum": (Level, st.sampled_from(Level)),
    "flag": (Bands, st.integers(0, 3).map(Bands)),
    "int flag": (Bits, st.integers(0, 9).map(Bits)),
    "set": (set[int], st.sets(integers, max_size=3)),
    "frozenset": (frozenset[str], st.frozensets(text, max_size=3)),
    "sequence": (typing.Sequence[int], lists),
    "mapping": (typing.Mapping[str, int], dicts(text)),
    "int keys": (dict[int, str], dicts(integers, text)),
    "new type keys": (dict[typing.NewType("Id", int), int], dicts(integers)),
    "float keys": (dict[float, str], dicts(st.floats(-1e9, 1e9), text)),
    "uuid keys": (dict[uuid.UUID, int], dicts(st.uuids())),
    "enum keys": (dict[Color, int], dicts(st.sampled_from(Color))),
    "int enum keys": (dict[Level, int], dicts(st.sampled_from(Level))),
    "literal keys": (dict[typing.Literal[1, 2], int], dicts(st.sampled_from([1, 2]))),
    "mixed keys": (dict[int | date, int], dicts(integers | st.dates())),
    "long keys": (dict[typing.Annotated[str, Meta(min_length=2)], int], dicts(text.map(lambda key: f"{key}..."))),
    "date keys": (dict[date, int], dicts(st.dates())),
    "datetime keys": (dict[datetime, int], dicts(datetimes)),
    "path": (Path, st.just(Path("scenes/a.tif"))),
    "pure path": (PurePosixPath, st.just(PurePosixPath("scenes/a.tif"))),
    "zone": (ZoneInfo, st.sampled_from(["UTC", "Europe/Vienna"]).map(ZoneInfo)),
    "named tuple": (Named, tuples),
    "named tuples": (list[Named], st.lists(tuples, max_size=2)),
    "bare named tuple": (Bare, st.builds(Bare, integers, text)),
    "typed dict": (Keyed, st.fixed_dictionaries({"a": integers})),
    "partial typed dict": (Partial, st.fixed_dictionaries({"a": integers}, optional={"b": text})),
    "inherited typed dict": (More, mores),
    "struct": (Plain, st.builds(Plain, integers, st.none() | datetimes, st.lists(points, max_size=1))),
    "tagged struct": (Cat, st.builds(Cat, integers)),
    "tagged union": (Cat | Dog | None, st.none() | st.builds(Cat, integers) | st.builds(Dog, text)),
    "array struct": (Row, st.builds(Row, integers, text)),
    "strict struct": (Strict, st.builds(Strict, text, floats)),
    "sparse struct": (Sparse, st.builds(Sparse, integers | st.just(UNSET))),
    "generic struct": (Tree[int], trees),
    "generic dataclass": (Box[int], st.builds(Box, integers, lists)),
    "generic of dataclass": (Box[Point], st.builds(Box, points)),
    "generic without arguments": (Box, st.builds(Box, st.none() | integers)),
    "inherited generic": (Boxes[int, int], st.builds(Boxes, lists, st.lists(lists, max_size=1), integers, integers)),
    "computed member": (Made, st.builds(Made, integers)),
    "limits": (typing.Annotated[int, Meta(ge=0, lt=10)] | None, st.none() | st.integers(0, 9)),
    "list limits": (typing.Annotated[list[int], Meta(max_length=2)], st.lists(integers, max_size=2)),
    "text limits": (typing.Annotated[str, Meta(min_length=1, max_length=3)], st.text("aé", min_size=1, max_size=3)),
    "dict limits": (typing.Annotated[dict[str, int], Meta(min_length=1)], st.dictionaries(text, integers, min_size=1, max_size=2)),
    "no protobuf": (Duration | None, st.none()),
    "protobufs": (list[Duration], st.lists(durations, max_size=2)),
}
try:
    import attrs
except ImportError:
    pass
else:

    @attrs.define
    class Reading:
        sensor: str
        _gain: int = 1
        values: list[float] = attrs.Factory(list)
        at: datetime | None = attrs.field(default=None, kw_only=True)
        total: float = attrs.field(init=False, default=0.0)

    @attrs.frozen
    class Measured(typing.Generic[T]):
        value: T
        reading: Reading | None = None

    readings = st.builds(Reading, text, gain=integers, values=st.lists(floats, max_size=2), at=st.none() | datetimes)
    CASES |= {
        "attrs class": (Reading, readings),
        "generic attrs class": (Measured[int], st.builds(Measured, integers, st.none() | readings)),
    }
