"""Every key and value has the right position."""

from __future__ import annotations

import sys

import pytest
from call_counts import count_calls
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hatch_tilebox.core.toml_positions import Positions, Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def source(text, path, *, key=False):
    span = (Positions(text).key if key else Positions(text).value)(path)
    return text[span.start : span.end]


DOCUMENT = '''\
# tilebox
title = "top" # not "this"
dotted . inner."quoted.key" = 1
[build]
include = [
  "pyproject.toml", # "comment", ]
  'lit"eral',
  """multi
line ] \\" quote""""", # two quotes belong to it
  [1, [2.5e3, inf]],
]
point = { x = 1, "y z" = { deep = [true] } }
when = 1979-05-27 07:32:00Z
[targets . "eu west"]
clusters = ["a"]
[[points]]
x = 1
[[points]]
x = 2
[points.inner]
y = 3
[[points.more]]
z = 4
'''


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("title",), '"top"'),
        (("dotted", "inner", "quoted.key"), "1"),
        (("dotted",), 'dotted . inner."quoted.key" = 1'),
        (("build",), "[build]"),
        (("build", "include", 0), '"pyproject.toml"'),
        (("build", "include", 1), "'lit\"eral'"),
        (("build", "include", 2), '"""multi\nline ] \\" quote"""""'),
        (("build", "include", 3, 1, 0), "2.5e3"),
        (("build", "include", 3, 1), "[2.5e3, inf]"),
        (("build", "point"), '{ x = 1, "y z" = { deep = [true] } }'),
        (("build", "point", "y z", "deep", 0), "true"),
        (("build", "when"), "1979-05-27 07:32:00Z"),
        (("targets",), '[targets . "eu west"]'),
        (("targets", "eu west", "clusters", 0), '"a"'),
        (("points", 0, "x"), "1"),
        (("points", 1, "x"), "2"),
        (("points", 1), "[[points]]"),
        (("points", 1, "inner", "y"), "3"),
        (("points", 1, "more", 0, "z"), "4"),
        (("build", "absent"), "[build]"),
        (("build", "include", 9), source(DOCUMENT, ("build", "include"))),
    ],
)
def test_value_is_found(path, expected):
    assert source(DOCUMENT, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("dotted", "inner"), "inner"),
        (("dotted", "inner", "quoted.key"), '"quoted.key"'),
        (("build", "point", "y z"), '"y z"'),
        (("targets", "eu west"), '"eu west"'),
        (("points", 1, "more"), "more"),
        (("build", "absent"), "[build]"),
    ],
)
def test_key_is_found(path, expected):
    assert source(DOCUMENT, path, key=True) == expected


def test_what_is_not_there_has_no_place():
    assert Positions("a = 1").value(("b", "c")) is None
    assert Positions("").key(("a",)) is None


def test_columns_count_characters_and_lines_count_line_feeds():
    text = 'a = ["é", "𝄞", "x"]\r\n# \u2028 is no line end\r\nb = 1\r\n'
    positions = Positions(text)
    assert positions.line_and_column(positions.value(("a", 2)).start) == (1, 16)
    assert positions.line_and_column(positions.value(("b",)).start) == (3, 5)
    assert positions.line_and_column(positions.key(("b",)).start) == (3, 1)


def test_escapes_in_keys_are_resolved():
    assert Positions(r'"\u0061\"" = 1').value(('a"',)) == Span(13, 14)


@pytest.mark.parametrize(
    "text", ["[", "[a", "a", "a =", "a = [", "a = [1", "a = {b", 'a = "', "a = {b = 1", "[[a]", "= 1", "a = [1 2]", "a = {b=1 c=2}"]
)
def test_scanner_stops_at_what_is_no_toml(text):
    assert Positions(f"first = 1\n{text}").value(("first",)) == Span(8, 9)


# Generated documents: names of pairs, tables and arrays of tables do not overlap, so that most of them are valid.
BLANK = st.sampled_from(["", " ", "\t", "  "])
BREAK = st.sampled_from(["\n", "\r\n", "\n\n", " # note ] } \" ' =\n", "\t# ü 𝄞\r\n"])
BARE = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
QUOTED = st.sampled_from(['"a b"', "'c.d'", '"e\\"f"', "'[g]'", '"\\u00e9"', '"𝄞 = #"', '""'])
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


def basic(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


SCALARS = st.one_of(
    TEXT.map(lambda text: f'"{basic(text)}"'),
    TEXT.map(lambda text: "'" + text.replace("'", "") + "'"),
    TEXT.map(lambda text: f'"""\n{basic(text)} ""\n\t"""'),
    TEXT.map(lambda text: "'''" + text.replace("'", "") + "\n# ''x'''"),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.sampled_from(["1.5", "-inf", "6.02e+23", "0xff", "1_000", "true", "false"]),
    st.sampled_from(["1979-05-27", "1979-05-27 07:32:00", "1979-05-27T00:32:00.99-07:00", "07:32:00"]),
)


@st.composite
def arrays(draw, values):
    text = "["
    items = draw(st.lists(values, max_size=4))
    for index, item in enumerate(items):
        text += draw(BLANK | BREAK) + item + draw(BLANK | BREAK)
        text += "," if index + 1 < len(items) or draw(st.booleans()) else ""
    return text + draw(BLANK | BREAK) + "]"


@st.composite
def inline_tables(draw, values):
    keys = draw(st.lists(BARE, max_size=3, unique=True))
    pairs = [f"{draw(BLANK)}{key}{draw(BLANK)}={draw(BLANK)}{draw(values)}{draw(BLANK)}" for key in keys]
    return "{" + ",".join(pairs) + "}"


VALUES = st.recursive(SCALARS, lambda values: arrays(values) | inline_tables(values), max_leaves=8)


@st.composite
def pairs(draw):
    names = draw(st.lists(BARE.map("k{}".format) | QUOTED, max_size=4, unique=True))
    text = ""
    for name in names:
        more = "".join(f"{draw(BLANK)}.{draw(BLANK)}{part}" for part in draw(st.lists(BARE | QUOTED, max_size=2)))
        text += f"{draw(BLANK)}{name}{more}{draw(BLANK)}={draw(BLANK)}{draw(VALUES)}{draw(BREAK)}"
    return text


@st.composite
def documents(draw):
    text = draw(BREAK) + draw(pairs())
    headers = st.sampled_from(["[t]", "[t.u]", "[ t . u . v ]", '["t w"]', "[[l]]", "[[l]]", "[l.t]", "[[l.l]]", "[[m.n]]"])
    for header in draw(st.lists(headers, max_size=6)):
        text += draw(BLANK) + header + draw(BREAK) + draw(pairs())
    return text


def leaves(value, path=()):
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def parse(text):
    """Read by another parser than ours: Python's own."""
    return tomllib.loads(text)


@settings(max_examples=200, deadline=None)
@given(documents())
def test_text_at_a_position_is_the_value_itself(text):
    try:
        values = parse(text)
    except tomllib.TOMLDecodeError:
        assume(False)
        return
    positions = Positions(text)
    for path, value in leaves(values) if values else ():
        span = positions.values.get(path)
        if value == {} and text[span.start] == "[":
            continue  # the header of an empty table
        assert repr(parse(f"v = {text[span.start : span.end]}")["v"]) == repr(value)
        if isinstance(path[-1], str):
            key = positions.keys[path]
            assert list(parse(f"{text[key.start : key.end]} = 1")) == [path[-1]]


def test_work_grows_with_the_length():
    def text(lines):
        return "[build]\ninclude = [\n" + "".join(f'  "folder{i}/**", # why\n' for i in range(lines)) + "]\n"

    assert count_calls(Positions, text(2000))[0] < 2.1 * count_calls(Positions, text(1000))[0]
