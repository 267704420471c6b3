"""A small builder of HTML and SVG. Text and attribute values are always escaped, so nothing from a release becomes markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Markup. Only the functions of this module create it; every other `str` is text and is escaped."""

    __slots__ = ()


Child = str | None
Attribute = str | int | float | bool | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Return an element. A child that is not `Html` is text.

    `_` in the name of an attribute is `-`, and one at its end is removed: `class_`. An attribute that is None or False is left out.
    """
    start = "".join(
        [name, *(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)]
    )
    if name in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return the children one after the other."""
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children if child is not None))


def text(value: str) -> Html:
    """Return text. Characters that are invisible, or that change the direction of text, become visible escapes."""
    return Html(escape(printable(hide_logins(value), lines=True)))


def badge(word: str, colour: str) -> Html:
    """Return a word on a coloured ground. The colour is "good", "bad", "warn" or "quiet"."""
    return tag("span", word, class_=f"badge {colour}")


def muted(content: Child) -> Html:
    """Return a remark."""
    return tag("p", content, class_="muted")


def left_out(count: int, things: str) -> Html | None:
    """Return the remark that `count` things are not shown, None if all are."""
    return muted(f"{count} more {things} are left out.") if count > 0 else None


def scrolling(label: str, content: Html) -> Html:
    """Return content that scrolls if it is wide, also by keyboard."""
    return tag("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def row(title: Child, *cells: Child, kind: str | None = None) -> Html:
    """Return a row of a table."""
    found = (tag("td", cell, role="cell") for cell in cells)
    return tag("tr", tag("th", title, scope="row", role="rowheader"), *found, class_=kind, role="row")


def table(kind: str, caption: str, titles: Iterable[Child], rows: Iterable[Html]) -> Html:
    """Return a table. Narrow screens show a row of some in several lines, so that all parts have their roles as attributes."""
    head = tag("tr", *(tag("th", title, scope="col", role="columnheader") for title in titles), role="row")
    parts = (tag("thead", head, role="rowgroup"), tag("tbody", *rows, role="rowgroup"))
    return tag("table", tag("caption", caption), *parts, class_=kind, role="table")


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def clip(value: str, most: int) -> str:
    """Return a text in one line that has at most `most` characters."""
    line = printable(value)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    shown = number(value) if isinstance(value, float) else str(value)
    return f' {name}="{escape(printable(shown, lines=True))}"'
