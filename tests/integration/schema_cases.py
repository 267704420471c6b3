"""Types of task inputs with strategies for their values: those of every SDK, and those of SDKs with msgspec."""

import datetime as dt
import typing
from dataclasses import dataclass, field

from google.protobuf.duration_pb2 import Duration
from hypothesis import strategies as st
from schema_instances import durations, floats, integers, text


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


@dataclass
class Base:
    kind: typing.ClassVar[str] = "base"
    a: int


@dataclass
class Inherited(Base):
    b: list[int] = field(default_factory=lambda: [1])
    c: int = field(default=7, kw_only=True)


@dataclass(frozen=True, slots=True)
class Slotted:
    a: int
    b: tuple[int, ...] = (1, 2)


points = st.builds(Point, x=floats, y=floats, label=st.none() | text)
nodes = st.recursive(st.builds(Node, text), lambda inner: st.builds(Node, text, st.lists(inner, max_size=2)), max_leaves=4)
lists = st.lists(integers, max_size=3)
CASES = {
    "int": (int, integers),
    "float": (float, floats),
    "str": (str, text),
    "bool": (bool, st.booleans()),
    "any": (typing.Any, st.none() | integers | text),
    "optional": (typing.Optional[int], st.none() | integers),  # noqa: UP045
    "union": (int | str | None, st.none() | integers | text),
    "number": (int | float, integers | floats),
    "literal": (typing.Literal["a", "b", 3], st.sampled_from(["a", "b", 3])),
    "literal of all kinds": (typing.Literal["a", 1, None], st.sampled_from(["a", 1, None])),  # noqa: PYI061 -- under test
    "literal truth": (typing.Literal[True], st.just(True)),
    "list": (list[int], lists),
    "bare list": (list, lists),
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
    "inherited dataclass": (Inherited, st.builds(Inherited, integers, lists, c=integers)),
    "slotted dataclass": (Slotted, st.builds(Slotted, integers, lists.map(tuple))),
    "annotated": (typing.Annotated[int, "a note"], integers),
    "new type": (typing.NewType("Count", int), integers),
    "protobuf": (Duration, durations),
    "optional protobuf": (Duration | None, durations.filter(Duration.ByteSize)),
}
"""A name for each, the annotation, and a strategy. What the SDK itself cannot read, such as an `InitVar`, is no case."""
minutes = st.integers(-23 * 60, 23 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
aware = st.datetimes(timezones=st.just(dt.timezone.utc) | minutes)
datetimes = aware | st.datetimes()
