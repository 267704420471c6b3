"""Text from outside, such as file names, task names or the answers of servers, that is safe to show on a terminal.

Characters that could move the cursor, change colours, reorder or hide text become visible escapes, spelled as in Python:

- the controls C0 (newline, ESC, CR, ...), DEL and C1;
- the separators of lines and paragraphs, U+2028 and U+2029;
- characters that set the direction of text: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069;
- characters without width, or only for layout: the soft hyphen, zero-width spaces and joiners, the byte order mark,
  tags, fillers, and the variation selectors that are not for emoji;
- lone surrogates, which stand for bytes of a file name that are not UTF-8.

All other characters stay: letters of every script, combining marks, emoji. So does a joiner (U+200C, U+200D) between two characters
that use it: emoji, and the letters of Arabic, Indic and other scripts whose shapes it changes.

The set is written out, and not taken from `unicodedata`, so that it is the same on every Python.
"""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0d"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
# Emoji with their modifiers, and the scripts from Arabic to Khmer, with Mongolian: there joiners belong to the spelling.
_JOINED = (
    "[\xa9\xae\u0600-\u061b\u061d-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af"
    "\u2190-\u27ff\u2900-\u2bff\ufe0f\U0001f000-\U0001faff]"
)
_UNSAFE = f"[{_CONTROLS}{_INVISIBLE}\ud800-\udfff]|(?<!{_JOINED})[{_JOINERS}]|[{_JOINERS}](?!{_JOINED})"
_CONTROL = f"[{_CONTROLS}]"


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return `text` with characters that could control a terminal, or are invisible, as visible escapes such as `\x1b`.

    The result is one line, unless `lines` is set: then newlines and tabs stay, and CR LF counts as a newline.
    Any result can be encoded as UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    if not lines:
        return re.sub(_UNSAFE, _escape, text)
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.replace("\r\n", "\n").split("\n"))


def has_controls(text: str) -> bool:
    """Whether `text` holds a control character, a separator of lines, or one that sets the direction of text."""
    return re.search(_CONTROL, text) is not None


def cell_width(text: str) -> int:
    """Return the number of terminal columns that a text takes."""
    if text.isascii():
        return len(text)
    import unicodedata  # for few builds

    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def _escape(match: re.Match[str]) -> str:
    """Return the escape of a character as `repr` spells it, also of one that counts as printable."""
    character = match[0]
    if (spelled := repr(character)[1:-1]) != character:
        return spelled
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else ascii(character)[1:-1]  # noqa: PLR2004 -- the end of Latin-1
