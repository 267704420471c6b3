"""Text from outside is shown so that it cannot control the terminal, and otherwise as it is."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.core.printable import has_controls, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("esc\x1b[31m.txt", r"esc\x1b[31m.txt"),
        ("two\nlines\r\n\tcells", r"two\nlines\r\n\tcells"),
        ("\x00\x07\x08\x7f\x85\x9b", r"\x00\x07\x08\x7f\x85\x9b"),
        ("gpj.\u202eexe\u2066\u200f", r"gpj.\u202eexe\u2066\u200f"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("a\u200bb\u2060c\ufeffd\xade", r"a\u200bb\u2060c\ufeffd\xade"),
        ("a\u200db\u200cc", r"a\u200db\u200cc"),
        ("\u200d", r"\u200d"),
        ("not-utf-8-\udcff", r"not-utf-8-\udcff"),
        ("filler\u3164", r"filler\u3164"),
        ("hidden\U000e0041", r"hidden\U000e0041"),
    ],
)
def test_what_controls_or_hides_becomes_visible(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain text, [red]markup[/] and C:\\windows\\new",
        "naïve.tif Größe Ελλάδα 雪\u3000国",
        "e\u0301 combining",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f",
        "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "",
    ],
)
def test_ordinary_text_stays(text):
    assert printable(text) == text
    assert printable(text, lines=True) == text


def test_a_text_of_several_lines_keeps_its_newlines_and_tabs():
    assert printable("a\n\tb\r\nc\x1b[2J\rd", lines=True) == "a\n\tb\nc\\x1b[2J\\rd"


def test_controls_are_told_from_what_is_only_unusual():
    assert has_controls("a\nb")
    assert has_controls("a\u202eb")
    assert has_controls("a\u2028b")
    assert not has_controls("zero\u200bwidth, \U0001f469\u200d\U0001f469, Größe")


@given(st.text(st.characters()))
def test_no_control_is_left_and_all_can_be_encoded(text):
    shown = printable(text)

    shown.encode("utf-8")
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert printable(shown) == shown


def test_every_format_character_is_escaped_unless_it_is_visible():
    signs = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
    left = [sign for sign in signs if printable(sign) == sign]

    assert all(unicodedata.name(sign).startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN")) for sign in left)
