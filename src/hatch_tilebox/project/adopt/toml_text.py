"""TOML that is edited as text, so that everything else stays as its author wrote it."""

from __future__ import annotations

import copy
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.toml_document import dotted, table_at
from hatch_tilebox.core.toml_positions import Positions
from hatch_tilebox.project.adopt.changes import Change, read_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from hatch_tilebox.core.toml_positions import KeyPath


class TomlText:
    """The file `name` below `root`: its text `before` all edits, its `text` after the edits so far, and the `values` of that text.

    Every edit is checked: the values must be those before it, with the edit. Raises ConfigError if they are not, and if the file
    cannot be read or is not TOML.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.before = self.text = read_file(root, name)
        try:
            self.values: dict[str, Any] = tomlkit.parse(self.text).unwrap()
        except (TOMLKitError, RecursionError) as error:  # tomlkit refuses some files that other parsers accept
            raise ConfigError(Problem(f"cannot be edited as TOML: {error}", location=Location(name), code="TBX802")) from error

    @property
    def changes(self) -> list[Change]:
        """The change of the file, if there is one."""
        return [Change(self.name, self.before, self.text)] if self.text != self.before else []

    def table(self, *keys: str) -> Mapping[str, Any]:
        """The table at `keys`, an empty one if there is none."""
        return table_at(self.values, keys)

    def add_table(self, path: str, body: Mapping[str, Any], comment: str = "") -> None:
        """Add a table that does not exist yet, such as "tool.uv", at the end of the text, with a comment behind its last key."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        before = self.text if not self.text.strip() or self.text.endswith("\n") else self.text + newline
        gap = newline if self.text.strip() else ""
        lines = f"[{path}]\n{tomlkit.dumps(body)}".rstrip("\n") + (f"  # {comment}" if comment else "") + "\n"
        try:
            self._accept(before + gap + lines.replace("\n", newline), path, dict(body))
        except ConfigError:  # the tables around it are written inline or as dotted keys
            self.put(path, dict(body))

    def create(self, path: str, value: Any, comment: str = "") -> None:
        """Set a key that does not exist yet, in a new table at the end if its table does not exist either."""
        parent, _, key = path.rpartition(".")
        if value_at(self.values, parent) is not None:
            self.put(path, value, comment)
        else:
            self.add_table(parent, {key: value}, comment)

    def put(self, path: str, value: Any, comment: str = "") -> None:
        """Give the key at `path` a value, in place. An inline table has no room for the comment."""
        document = tomlkit.parse(self.text)
        table: Any = document
        *parents, key = path.split(".")
        for part in parents:
            table = table.setdefault(part, _table_for(table))
        item = _table_for(table, value) if isinstance(value, dict) else tomlkit.item(value)
        if comment and not isinstance(table, InlineTable):
            item.comment(comment).trivia.comment_ws = "  "
        table[key] = item
        self._accept(tomlkit.dumps(document), path, value)

    def edit_array(self, path: str, *, add: list[str], remove: Collection[str] = ()) -> None:
        """Remove items from the array at `path` and append others, in the style of the array."""
        document = tomlkit.parse(self.text)
        array: Any = reduce(getitem, path.split("."), document)
        before = array.unwrap()
        array.extend(add)
        for index in reversed(range(len(before))):
            if before[index] in remove:
                del array[index]
        expected = [item for item in before if item not in remove] + add
        self._accept(tomlkit.dumps(document), path, expected)

    def rename(self, path: KeyPath, name: str) -> None:
        """Give the key at `path` another name, in place."""
        *parents, key = path
        expected = copy.deepcopy(self.values)
        table: Any = reduce(getitem, parents, expected)  # type: ignore[arg-type]
        span = Positions(self.text).keys.get(tuple(path))
        text = self.text if span is None else self.text[: span.start] + name + self.text[span.end :]
        taken = name in table
        table[name] = table.pop(key)
        self._replace(None if taken else text, expected, f"{dotted(path)} cannot be renamed", f"rename it to {name} by hand")

    def _accept(self, text: str, path: str, value: Any) -> None:
        *parents, key = path.split(".")
        expected = copy.deepcopy(self.values)
        reduce(lambda table, part: table.setdefault(part, {}), parents, expected)[key] = value
        where = f" in [{'.'.join(parents)}]" if parents else ""
        by_hand = f"write it by hand{where}: {tomlkit.dumps({key: value}).strip()}"
        self._replace(text, expected, f"{path} cannot be added", by_hand)

    def _replace(self, text: str | None, expected: dict[str, Any], fails: str, by_hand: str) -> None:
        """Take the text if it has the expected values."""
        if text is None or _parsed(text) != expected:
            problem = Problem(f"{fails} without a change to other values", by_hand, Location(self.name), code="TBX802")
            raise ConfigError(problem)
        self.text, self.values = text, expected


def _parsed(text: str) -> dict[str, Any] | None:
    """The values of `text`, None if it is not TOML."""
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError:
        return None


def _table_for(parent: Any, values: Mapping[str, Any] | None = None) -> Any:
    """A table that is allowed in `parent`: an inline table holds only inline tables."""
    table = tomlkit.inline_table() if isinstance(parent, InlineTable) else tomlkit.table()
    table.update(values or {})
    return table


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    *parents, key = path.split(".")
    return table_at(values, parents).get(key)
