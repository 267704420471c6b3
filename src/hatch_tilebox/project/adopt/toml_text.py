"""TOML that is edited as a text, so that all that is not ours stays as its author wrote it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from hatch_tilebox.core.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TomlText", "table_at", "value_at"]


class TomlText:
    """The file `name`: its text `before` all edits, `text` after those made so far, and what that means as `values`.

    Every edit is checked: the text must then mean what it meant before, and the edit. Raises ConfigError where it does not.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.before = self.text = text
        try:
            self.values: dict[str, Any] = tomlkit.parse(text).unwrap()
        except (TOMLKitError, RecursionError) as error:  # what another parser takes
            raise ConfigError(Problem(f"cannot be edited as TOML: {error}", location=Location(name))) from error

    def add_table(self, path: str, body: Mapping[str, Any]) -> None:
        """Add a table that is not there, such as "tool.uv", at the end of the text."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        lines = [f"[{path}]", *tomlkit.dumps(body).splitlines()]
        gap = newline if self.text.strip() else ""
        appended = self.text if not self.text.strip() or self.text.endswith("\n") else self.text + newline
        try:
            self._take(appended + gap + "".join(line + newline for line in lines), path, dict(body))
        except ConfigError:  # the tables around it are written inline or as dotted keys
            self.put(path, dict(body))

    def put(self, path: str, value: Any) -> None:
        """Give the key at `path` a value, in place."""
        document = tomlkit.parse(self.text)
        table: Any = document
        *parents, key = path.split(".")
        for part in parents:
            if part not in table:
                table[part] = _table_for(table)
            table = table[part]
        table[key] = _table_for(table, value) if isinstance(value, dict) else value
        self._take(tomlkit.dumps(document), path, value)

    def replace_items(self, path: str, remove: set[int], add: list[str]) -> None:
        """Remove the items with these indices from the array at `path`, and add others at its end, in the style of the array."""
        document = tomlkit.parse(self.text)
        array: Any = document
        for part in path.split("."):
            array = array[part]
        expected = [item for index, item in enumerate(array.unwrap()) if index not in remove] + add
        for item in add:
            array.append(item)
        for index in sorted(remove, reverse=True):
            del array[index]
        self._take(tomlkit.dumps(document), path, expected)

    def _take(self, text: str, path: str, value: Any) -> None:
        expected = copy.deepcopy(self.values)
        table = expected
        *parents, key = path.split(".")
        for part in parents:
            table = table.setdefault(part, {})
        table[key] = value
        try:
            found = tomlkit.parse(text).unwrap()
        except TOMLKitError:
            found = None
        if found != expected:
            shown = tomlkit.dumps({key: value}).strip()
            where = f" in [{'.'.join(parents)}]" if parents else ""
            message = f"{path} cannot be added without touching what is there"
            raise ConfigError(Problem(message, f"write it by hand{where}: {shown}", Location(self.name)))
        self.text, self.values = text, expected


def _table_for(parent: Any, values: Mapping[str, Any] | None = None) -> Any:
    """A table that may stand in `parent`: an inline one holds no other kind."""
    table = tomlkit.inline_table() if isinstance(parent, InlineTable) else tomlkit.table()
    table.update(values or {})
    return table


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    value: Any = values
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def table_at(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The table at a dotted path, empty where there is none."""
    table = value_at(values, path)
    return table if isinstance(table, dict) else {}
