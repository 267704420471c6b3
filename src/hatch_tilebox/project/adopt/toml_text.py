"""TOML that is edited as text, so that everything else stays as its author wrote it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.toml_document import dotted, table_at
from hatch_tilebox.core.toml_positions import Positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.toml_positions import KeyPath


class TomlText:
    """The file `name`: its text `before` all edits, its `text` after the edits so far, and the `values` of that text.

    Every edit is checked: the values must be those before it, with the edit. Raises ConfigError if they are not.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.before = self.text = text
        try:
            self.values: dict[str, Any] = tomlkit.parse(text).unwrap()
        except (TOMLKitError, RecursionError) as error:  # tomlkit refuses some files that other parsers accept
            raise ConfigError(Problem(f"cannot be edited as TOML: {error}", location=Location(name), code="TBX802")) from error

    def table(self, *keys: str) -> Mapping[str, Any]:
        """The table at `keys`, an empty one if there is none."""
        return table_at(self.values, keys)

    def add_table(self, path: str, body: Mapping[str, Any]) -> None:
        """Add a table that does not exist yet, such as "tool.uv", at the end of the text."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        lines = [f"[{path}]", *tomlkit.dumps(body).splitlines()]
        gap = newline if self.text.strip() else ""
        appended = self.text if not self.text.strip() or self.text.endswith("\n") else self.text + newline
        try:
            self._accept(appended + gap + "".join(line + newline for line in lines), path, _plain(body))
        except ConfigError:  # the tables around it are written inline or as dotted keys
            self.put(path, _plain(body))

    def create(self, path: str, value: Any, comment: str | None = None) -> None:
        """Set a key that does not exist yet, in a new table at the end if its table does not exist either."""
        parent, _, key = path.rpartition(".")
        if value_at(self.values, parent) is not None:
            self.put(path, value, comment)
        else:
            self.add_table(parent, {key: _commented(value, comment)})

    def put(self, path: str, value: Any, comment: str | None = None) -> None:
        """Give the key at `path` a value, in place. An inline table has no room for the comment."""
        document = tomlkit.parse(self.text)
        table: Any = document
        *parents, key = path.split(".")
        for part in parents:
            if part not in table:
                table[part] = _table_for(table)
            table = table[part]
        inline = isinstance(table, InlineTable)
        table[key] = _table_for(table, value) if isinstance(value, dict) else _commented(value, None if inline else comment)
        self._accept(tomlkit.dumps(document), path, value)

    def replace_items(self, path: str, remove: set[int], add: list[str]) -> None:
        """Remove the items with these indices from the array at `path` and append others, in the style of the array."""
        document = tomlkit.parse(self.text)
        array: Any = document
        for part in path.split("."):
            array = array[part]
        expected = [item for index, item in enumerate(array.unwrap()) if index not in remove] + add
        for item in add:
            array.append(item)
        for index in sorted(remove, reverse=True):
            del array[index]
        self._accept(tomlkit.dumps(document), path, expected)

    def rename(self, path: KeyPath, name: str) -> None:
        """Give the key at `path` another name, in place."""
        *parents, key = path
        expected = copy.deepcopy(self.values)
        table: Any = expected
        for part in parents:
            table = table[part]
        span = Positions(self.text).keys.get(tuple(path))
        text = self.text if span is None else self.text[: span.start] + name + self.text[span.end :]
        taken = name in table
        table[name] = table.pop(key)
        if taken or _parsed(text) != expected:
            message = f"{dotted(path)} cannot be renamed without a change to other values"
            raise ConfigError(Problem(message, f"rename it to {name} by hand", Location(self.name), code="TBX802"))
        self.text, self.values = text, expected

    def _accept(self, text: str, path: str, value: Any) -> None:
        expected = copy.deepcopy(self.values)
        table = expected
        *parents, key = path.split(".")
        for part in parents:
            table = table.setdefault(part, {})
        table[key] = value
        if _parsed(text) != expected:
            shown = tomlkit.dumps({key: value}).strip()
            where = f" in [{'.'.join(parents)}]" if parents else ""
            message = f"{path} cannot be added without a change to other values"
            raise ConfigError(Problem(message, f"write it by hand{where}: {shown}", Location(self.name), code="TBX802"))
        self.text, self.values = text, expected


def _parsed(text: str) -> dict[str, Any] | None:
    """The values of `text`, None if it is not TOML."""
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError:
        return None


def _commented(value: Any, comment: str | None) -> Any:
    item = tomlkit.item(value)
    if comment:
        item.comment(comment).trivia.comment_ws = "  "
    return item


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.unwrap() if hasattr(value, "unwrap") else value for key, value in body.items()}


def _table_for(parent: Any, values: Mapping[str, Any] | None = None) -> Any:
    """A table that is allowed in `parent`: an inline table holds only inline tables."""
    table = tomlkit.inline_table() if isinstance(parent, InlineTable) else tomlkit.table()
    table.update(values or {})
    return table


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    value: Any = values
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
