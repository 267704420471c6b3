"""Write the reference of the Python API from the docstrings of the public names.

python docs/api_reference.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "api.md"

HEAD = """\
# Python API

<!-- Written by docs/api_reference.py from the docstrings. -->

## What is stable

These names are public:

- `hatch_tilebox.release_metadata` and `hatch_tilebox.__version__`
- everything in `hatch_tilebox.plugins` that is described below, the names and arguments of the hooks, and the entry-point group
  `hatch_tilebox`
- the hook and the target `tilebox` for hatchling, and the build backend `hatch_tilebox.backend`

They follow semantic versioning. Until version 1.0, an incompatible change raises the minor version and is listed in the changelog.
These additions are compatible: a new hook, a new argument of a hook, a new method of `Destination` with a default implementation, a
new attribute of a value that hatch-tilebox creates.

All other modules are internal and may change in any version. The [command line](cli.md), with its `--json` output, and the
[`.tbrelease` format](format.md) have their own rules for changes.
"""

PLUGINS = """\
A plugin is a package with an entry point in the group `hatch_tilebox`. The entry point names a module or an object that implements
hooks with the decorator `hookimpl`:

```python
from hatch_tilebox.plugins import hookimpl
```

An implementation may leave out arguments that it does not need. See how to [add release checks](../how-to/add-release-checks.md)
and [write a destination](../how-to/write-a-destination.md).
"""
IMPORT = "Import these names from `hatch_tilebox.plugins`.\n"
HOOKS = "hatch_tilebox.plugins.hookspecs.HookSpecs"
SECTIONS: tuple[tuple[str, str, tuple[tuple[str, tuple[str, ...] | None], ...]], ...] = (
    ("Installed distributions", "", (("hatch_tilebox.release_metadata", None),)),
    (
        "Hooks",
        PLUGINS,
        (
            (f"{HOOKS}.hatch_tilebox_check_release", None),
            (f"{HOOKS}.hatch_tilebox_destination", None),
            (f"{HOOKS}.hatch_tilebox_artifact_transport", None),
        ),
    ),
    (
        "Release checks",
        IMPORT,
        (("hatch_tilebox.plugins.ReleaseFile", None), ("hatch_tilebox.plugins.Finding", None)),
    ),
    (
        "Destinations",
        IMPORT,
        (
            ("hatch_tilebox.plugins.Destination", None),
            ("hatch_tilebox.plugins.ArtifactTransport", None),
            ("hatch_tilebox.plugins.LocalRelease", None),
            ("hatch_tilebox.plugins.PublishedRelease", None),
            ("hatch_tilebox.plugins.Attachment", None),
            ("hatch_tilebox.plugins.Artifact", ()),
            ("hatch_tilebox.plugins.ReleaseManifest", ("fingerprint", "to_dict", "from_dict")),
            ("hatch_tilebox.plugins.Progress", ("transferred", "detail", "warning")),
        ),
    ),
    (
        "Errors",
        IMPORT,
        (
            ("hatch_tilebox.plugins.Problem", ()),
            ("hatch_tilebox.plugins.Location", ()),
            ("hatch_tilebox.plugins.TileboxError", ()),
            ("hatch_tilebox.plugins.PublishError", ()),
            ("hatch_tilebox.plugins.PluginError", ()),
        ),
    ),
)


def api_reference() -> str:
    """Return the page."""
    package = griffe.load("hatch_tilebox", search_paths=[ROOT / "src"], docstring_parser="google", resolve_aliases=True)
    text = HEAD
    for title, introduction, names in SECTIONS:
        text += f"\n## {title}\n" + (f"\n{introduction}" if introduction else "")
        for name, members in names:
            found = package[name.removeprefix("hatch_tilebox.")]
            described = found.final_target if isinstance(found, griffe.Alias) else found
            text += "".join(class_parts(described, members) if isinstance(described, griffe.Class) else object_parts(described, 3))
    return text


def class_parts(described: griffe.Class, members: tuple[str, ...] | None) -> Iterator[str]:
    """Yield the description of a class, then those of its public methods and properties, or of `members` alone."""
    yield f"\n### `{described.name}`\n\n```python\n{declaration(described)}\n```\n"
    yield from docstring(described)
    for member in described.members.values():
        public = not member.name.startswith("_") and (member.is_function or "property" in member.labels)
        if member.name in members if members is not None else public:
            yield from object_parts(member, 4, f"{described.name}.")


def declaration(described: griffe.Class) -> str:
    """Return the first line of a class, with its fields, also those of a private base, or the signature of its `__init__`."""
    beside = described.parent.members if described.parent else {}
    private = next((beside[str(base)] for base in described.bases if str(base).startswith("_") and str(base) in beside), None)
    bases = ", ".join(map(str, private.bases if isinstance(private, griffe.Class) else described.bases))
    fields = [
        f"    {name}: {member.annotation}" + (f" = {quoted(member.value)}" if member.value is not None else "")
        for name, member in [*(private.members.items() if private else ()), *described.members.items()]
        if isinstance(member, griffe.Attribute) and member.annotation and "property" not in member.labels
    ]
    if "__init__" in described.members and "dataclass" not in described.labels:
        fields.append(f"    def __init__({', '.join(['self', *map(signature, parameters(described.members['__init__']))])})")
    decorators = "".join(f"@{decorator.value}\n" for decorator in described.decorators)
    head = f"{decorators}class {described.name}{f'({bases})' if bases else ''}"
    return "\n".join([f"{head}:", *fields]) if fields else head


def quoted(value: object) -> str:
    """Return a value as ruff formats it."""
    return str(value).replace("''", '""')


def object_parts(described: griffe.Object, level: int, prefix: str = "") -> Iterator[str]:
    """Yield the description of a function, a method or a property."""
    if isinstance(described, griffe.Function):
        listed = ", ".join(map(signature, parameters(described)))
        line = f"{described.name}({listed}) -> {described.returns}"
        if len(line) > 88:  # noqa: PLR2004 -- what fits into a code block
            listed = "".join(f"    {signature(parameter)},\n" for parameter in parameters(described))
            line = f"{described.name}(\n{listed}) -> {described.returns}"
    else:
        line = f"{described.name}: {described.annotation}"
    yield f"\n{'#' * level} `{prefix}{described.name}`\n\n```python\n{line}\n```\n"
    yield from docstring(described)


def parameters(function: griffe.Function) -> Iterator[griffe.Parameter | None]:
    """Yield the parameters of a function without `self` and `cls`, and None before the first keyword-only one."""
    keywords = False
    for parameter in function.parameters:
        if parameter.kind is griffe.ParameterKind.keyword_only and not keywords:
            keywords = True
            yield None
        if parameter.name not in {"self", "cls"}:
            yield parameter


def signature(parameter: griffe.Parameter | None) -> str:
    """Return a parameter as it is written in a signature; None is the `*` before keywords."""
    if parameter is None:
        return "*"
    if parameter.kind is griffe.ParameterKind.var_positional:
        return f"*{parameter.name}: {parameter.annotation}"
    return f"{parameter.name}: {parameter.annotation}" + (f" = {parameter.default}" if parameter.default is not None else "")


def docstring(described: griffe.Object) -> Iterator[str]:
    """Yield a docstring in Markdown. An object without one is an error: the public API is documented."""
    if described.docstring is None:
        message = f"{described.path} has no docstring"
        raise ValueError(message)
    for section in described.docstring.parsed:
        if section.kind is griffe.DocstringSectionKind.text:
            yield f"\n{section.value}\n"
        elif section.kind is griffe.DocstringSectionKind.attributes:
            yield rows("Attribute", ((f"`{item.name}`", f"`{item.annotation}`", item.description) for item in section.value))
        elif section.kind is griffe.DocstringSectionKind.parameters:
            yield rows("Argument", ((f"`{item.name}`", f"`{item.annotation}`", item.description) for item in section.value))
        elif section.kind is griffe.DocstringSectionKind.returns:
            yield "".join(f"\n**Returns:** {one_line(item.description)}\n" for item in section.value)
        elif section.kind is griffe.DocstringSectionKind.raises:
            errors = (f"- `{item.annotation}`: {one_line(item.description)}\n" for item in section.value)
            yield "\n**Raises:**\n\n" + "".join(errors)
        else:
            message = f"{described.path}: a docstring section of kind {section.kind.value} is not supported"
            raise ValueError(message)


def rows(header: str, items: Iterator[tuple[str, str, str]]) -> str:
    """Return a table."""
    lines = (f"| {name} | {type_.replace('|', chr(92) + '|')} | {one_line(meaning)} |\n" for name, type_, meaning in items)
    return f"\n| {header} | Type | Meaning |\n| --- | --- | --- |\n" + "".join(lines)


def one_line(text: str) -> str:
    """Return `text` without line breaks."""
    return " ".join(text.split())


if __name__ == "__main__":
    PAGE.write_bytes(api_reference().encode())
