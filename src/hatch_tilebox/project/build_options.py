"""The options of a build: our tables in `pyproject.toml`, the environment, and the settings that a frontend passes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.toml_document import dotted, read_toml
from hatch_tilebox.project import rules
from hatch_tilebox.project.toml.kinds import Choice, Flag, Number, Report, Size, Text, Texts, in_order, suggestion
from hatch_tilebox.project.toml.tables import Key, key, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hatch_tilebox.core.toml_document import Document
    from hatch_tilebox.core.toml_positions import KeyPath

__all__ = ["BuildOptions", "build_table", "load_options", "option_keys", "setting_name", "variable_name"]

# Keys that hatchling itself reads from the table of every hook, and from that of every target.
# Source: hatchling.builders.config.BuilderConfig, and https://hatch.pypa.io/latest/config/build/
_HOOK_KEYS = frozenset({"dependencies", "enable-by-default", "require-runtime-dependencies", "require-runtime-features"})
_TARGET_KEYS = _HOOK_KEYS | {
    "artifacts",
    "dev-mode-dirs",
    "dev-mode-exact",
    "directory",
    "exclude",
    "force-include",
    "hooks",
    "ignore-vcs",
    "include",
    "only-include",
    "only-packages",
    "packages",
    "reproducible",
    "skip-excluded-dirs",
    "sources",
    "versions",
}

_HOOK_TABLE = ("tool", "hatch", "build", "hooks", "tilebox")
_TARGETS_TABLE = ("tool", "hatch", "build", "targets")


@dataclass(frozen=True)
class BuildOptions:
    """How a release is built. Paths are as the user wrote them; `max_size` is in bytes, `startup_timeout` in seconds."""

    config: str = field(
        default=CONFIG_NAME,
        metadata=key(
            Text(rules.check_inside),
            "The file that describes the workflow, relative to the project.",
        ),
    )
    output_dir: str | None = field(
        default=None,
        metadata=key(
            Text(),
            "The folder for the release, relative to the project; made where it is missing.",
            shown="beside the wheel",
        ),
    )
    runtime: str = field(
        default="worker",
        metadata=key(
            Choice(("import", "worker")),
            "How tasks are found: `worker` starts the worker as a release runner does; `import` only imports the runner object.",
        ),
    )
    startup_timeout: float = field(
        default=120.0,
        metadata=key(
            Number("seconds"),
            "How many seconds the workflow may take to start.",
        ),
    )
    max_size: int = field(
        default=100 * 1024**2,
        metadata=key(
            Size(),
            'The largest sum of the sizes of the selected files: a number of bytes, or a size such as `"500 MB"` or `"1 GiB"`.',
            shown='`"100 MiB"`',
        ),
    )
    allow_secrets: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(Text(rules.check_file_name)),
            "Files that may go in although they look like secrets, by their paths in the release.",
        ),
    )
    pass_environment: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(Text(rules.check_variable)),
            "Environment variables that the workflow's code may see while it is built, by name; `*` stands for any characters.",
        ),
    )
    runners: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(Text(rules.check_platform)),
            "The platforms of your release runners, such as `linux-x86_64-cp312`, for `hatch-tilebox check`.",
            shown="those of the official image",
        ),
    )
    embed: bool = field(
        default=True,
        metadata=key(
            Flag(),
            "Whether a wheel carries the release's description as `extra_metadata/tilebox/release.json`.",
        ),
    )
    skip: bool = field(
        default=False,
        metadata=key(
            Flag(),
            "Whether sdists and wheels are built as if the hook were not there, even if the workflow is missing or broken. "
            "The target `tilebox` builds a release all the same.",
        ),
    )
    cache: bool = field(
        default=True,
        metadata=key(
            Flag(),
            "Whether environments and answers of the runtime are kept between builds.",
        ),
    )


def option_keys() -> tuple[Key, ...]:
    """The options in the order of the documentation."""
    return keys_of(BuildOptions, hyphens=True)


def variable_name(option: str) -> str:
    """The environment variable of an option: `max-size` has `HATCH_TILEBOX_MAX_SIZE`."""
    return "HATCH_TILEBOX_" + option.upper().replace("-", "_")


def setting_name(option: str) -> str:
    """The config setting (PEP 517) of an option: `max-size` has `tilebox.max-size`."""
    return f"tilebox.{option}"


def build_table(build: Mapping[str, Any], targets: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a build as a project has them: those of the hook, where the target `tilebox` says nothing else.

    `build` is `[tool.hatch.build]` and `targets` the table of that name in it, as hatchling checked them.
    """
    return {**build.get("hooks", {}).get("tilebox", {}), **targets.get("tilebox", {})}


def load_options(
    table: Mapping[str, object],
    *,
    where: str,
    environ: Mapping[str, str],
    settings: Mapping[str, object] | None = None,
    project: Path | None = None,
) -> BuildOptions:
    """The options of a build: a config setting counts before an environment variable, that before the table.

    `table` is what hatchling read from the table whose dotted name is `where`. `project` is the folder of `pyproject.toml`: with
    it, errors name the line. Config settings that do not begin with `tilebox.` are other people's.

    Raises ConfigError with everything that is wrong.
    """
    keys = {option.name: option for option in option_keys()}
    values: dict[str, Any] = {}
    problems = [*_read_table(table, keys, values, where, project)]
    problems += _read_environment(environ, keys, values)
    problems += _read_settings(settings or {}, keys, values)
    if problems:
        raise ConfigError(*problems)
    return BuildOptions(**values)


def variables_passed(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The option `pass-environment` as its environment variable gives it, for what reads no table. Raises ConfigError."""
    name = variable_name("pass-environment")
    return load_options({}, where="", environ={name: environ.get(name, "")}).pass_environment


def _read(key: Key, raw: Any, values: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Put the option's value among `values`, or yield what is wrong with it."""
    report = Report()
    value = key.kind.read(raw, (), report)
    if not report.mistakes:
        values[key.field] = value
    yield from ((mistake.path, mistake.message) for mistake in report.mistakes)


def _read_table(
    table: Mapping[str, object], keys: Mapping[str, Key], values: dict[str, Any], where: str, project: Path | None
) -> list[Problem]:
    known = _TARGET_KEYS if where.startswith(".".join(_TARGETS_TABLE)) and not where.endswith("hooks.tilebox") else _HOOK_KEYS
    wrong: list[tuple[KeyPath, str, bool]] = []
    for name, raw in table.items():
        if name in keys:
            wrong += [((name, *path), message, False) for path, message in _read(keys[name], raw, values)]
        elif name not in known:
            end = suggestion(name, keys) or f"; allowed: {', '.join(keys)}"
            wrong.append(((name,), f"unknown option{end}", True))
    places = list(_tables_of_ours(project, where)) if wrong and project else []
    return in_order(_table_problem(path, message, where, places, of_key=of_key) for path, message, of_key in wrong)


def _table_problem(path: KeyPath, message: str, where: str, places: list[tuple[Document, KeyPath]], *, of_key: bool) -> Problem:
    for document, table in places:
        if path[0] in _at(document.values, table):
            full = (*table, *path)
            return Problem(printable(f"{dotted(full)}: {message}"), location=document.location(full, key=of_key))
    return Problem(printable(f"{where}.{dotted(path)}: {message}"))


def _tables_of_ours(project: Path, where: str) -> Iterator[tuple[Document, KeyPath]]:
    """The tables that options may stand in, the likeliest first: hatchling merges several, and gives no account of it."""
    for name, cut in (("pyproject.toml", 0), ("hatch.toml", len(("tool", "hatch")))):
        try:
            document = read_toml(project / name, name)
        except ConfigError:
            continue
        targets = _at(document.values, _TARGETS_TABLE[cut:])
        of_targets = [(*_TARGETS_TABLE, target, "hooks", "tilebox") for target in targets]
        for path in dict.fromkeys((tuple(where.split(".")), *of_targets, _HOOK_TABLE, (*_TARGETS_TABLE, "tilebox"))):
            if _at(document.values, path[cut:]):
                yield document, path[cut:]


def _at(values: Any, path: Iterable[str | int]) -> Mapping[str, Any]:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def _read_environment(environ: Mapping[str, str], keys: Mapping[str, Key], values: dict[str, Any]) -> Iterator[Problem]:
    for name, option in keys.items():
        if text := environ.get(variable_name(name)):
            for path, message in _read(option, option.kind.from_text(text), values):
                yield Problem(printable(f"{variable_name(name)}{dotted(path)}: {message}"))


def _read_settings(settings: Mapping[str, object], keys: Mapping[str, Key], values: dict[str, Any]) -> Iterator[Problem]:
    ours = {setting_name(name): key for name, key in keys.items()}
    for name, raw in settings.items():
        if name in ours:
            value = ours[name].kind.from_text(raw) if isinstance(raw, str) else raw
            for path, message in _read(ours[name], value, values):
                yield Problem(printable(f"config setting {name}{dotted(path)}: {message}"))
        elif name.startswith("tilebox."):
            end = suggestion(name, ours) or f"; allowed: {', '.join(ours)}"
            yield Problem(printable(f"config setting {name}: unknown option{end}"))
