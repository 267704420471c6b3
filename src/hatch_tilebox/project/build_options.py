"""The options of a build: from our tables in `pyproject.toml`, the environment, and the settings of a frontend."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.config import BuildOptions
from hatch_tilebox.core.constants import CONFIG_NAME, OPTIONS_PLACE
from hatch_tilebox.core.errors import ConfigError, Fix
from hatch_tilebox.core.toml_document import dotted, table_at
from hatch_tilebox.project import rules
from hatch_tilebox.project.toml.kinds import Choice, Flag, Mistake, Number, Report, Size, Text, Texts, in_order
from hatch_tilebox.project.toml.tables import Key, key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.toml_document import Document
    from hatch_tilebox.core.toml_positions import KeyPath

HOOK_TABLE = "tool.hatch.build.hooks.tilebox"
TARGET_TABLE = "tool.hatch.build.targets.tilebox"
_TARGETS = "tool.hatch.build.targets"
PUBLISH_TABLE = "tool.hatch.publish.tilebox"

# Keys that hatchling itself reads from the table of every hook, and from that of every target.
# Source: hatchling.builders.config.BuilderConfig, and https://hatch.pypa.io/latest/config/build/
HOOK_KEYS = frozenset({"dependencies", "enable-by-default", "require-runtime-dependencies", "require-runtime-features"})
TARGET_KEYS = HOOK_KEYS | {
    "artifacts", "dev-mode-dirs", "dev-mode-exact", "directory", "exclude", "force-include", "hooks", "ignore-vcs", "include",
    "only-include", "only-packages", "packages", "reproducible", "skip-excluded-dirs", "sources", "versions",
}  # fmt: skip

_DESCRIBED = {
    "config": key(
        Text(rules.check_inside),
        "The file that describes the workflow, relative to the project.",
        examples=("flows/scene_qa.toml",),
    ),
    "output_dir": key(
        Text(),
        "The folder for the release, relative to the project. It is created if it is missing.",
        shown="beside the wheel",
        examples=("releases",),
    ),
    "runtime": key(
        Choice(("import", "worker")),
        "How tasks are found: `worker` starts the worker as a release runner does; `import` only imports the runner object.",
        examples=("import",),
    ),
    "startup_timeout": key(Number("seconds"), "How many seconds the workflow may take to start.", examples=(300,)),
    "max_size": key(
        Size(),
        'The largest sum of the sizes of the selected files: a number of bytes, or a size such as `"500 MB"` or `"1 GiB"`.',
        shown='`"100 MiB"`',
        examples=("500 MB",),
    ),
    "allow_secrets": key(
        Texts(Text(rules.check_file_name)),
        "Files that may go in although they look like secrets, by their paths in the release.",
        examples=(["tests/data/dummy.pem"],),
    ),
    "pass_environment": key(
        Texts(Text(rules.check_variable)),
        "Environment variables that the workflow's code may see while it is built, by name; `*` stands for any characters.",
        examples=(["GDAL_DATA", "PROJ_*"],),
    ),
    "runners": key(
        Texts(Text(rules.check_platform, refused=rules.PLATFORM)),
        "The platforms of your release runners, such as `linux-x86_64-cp312`, for `hatch-tilebox check`.",
        shown="those of the official image",
        examples=(["linux-x86_64-cp312"],),
    ),
    "vendor": key(
        Flag(),
        "Whether packages from the uv workspace, or from folders of this machine, go into the release as wheels.",
        examples=(True,),
    ),
    "sbom": key(
        Flag(),
        "Whether an SBOM (CycloneDX) of the packages that release runners install is written beside the release, and into wheels.",
        examples=(True,),
    ),
    "provenance": key(
        Flag(),
        "Whether a statement of where the release comes from is written beside it, and the commit into sdists.",
        examples=(True,),
    ),
    "embed": key(
        Flag(),
        "Whether a wheel carries the release's description as `extra_metadata/tilebox/release.json`.",
        examples=(False,),
    ),
    "skip": key(
        Flag(),
        "Whether sdists and wheels are built as if the hook were not there, even if the workflow is missing or broken. "
        "The target `tilebox` builds a release all the same.",
        examples=(True,),
    ),
    "cache": key(Flag(), "Whether environments and answers of the runtime are kept between builds.", examples=(False,)),
}


def option_keys() -> tuple[Key, ...]:
    """Return the options in the order of the documentation."""
    defaults = BuildOptions._field_defaults
    return tuple(Key(name.replace("_", "-"), name, default=defaults[name], **_DESCRIBED[name]) for name in BuildOptions._fields)


_PUBLISH_KEYS = (
    "allow-breaking", "allow-same-version", "artifact-url", "check-compatibility", "deploy", "dry-run", "stale", "to",
    "unique-versions", "verify",
)  # fmt: skip
PLACES: Mapping[str, str] = {
    **dict.fromkeys(("project", "build-system", "dependency-groups", "tool"), "at the top of pyproject.toml"),
    **dict.fromkeys(("workflow", "build", "targets"), f"at the top of {CONFIG_NAME}"),
    **dict.fromkeys(("slug", "runner", "command", "root"), f"under [workflow] in {CONFIG_NAME}"),
    **dict.fromkeys(("include", "exclude", "use_gitignore"), f"under [build] in {CONFIG_NAME}"),
    **{option.name: OPTIONS_PLACE for option in option_keys()},
    **dict.fromkeys(_PUBLISH_KEYS, f"under [{PUBLISH_TABLE}] in pyproject.toml"),
}
"""Where keys of the files of a project belong, for hints about a key in the wrong place."""


def variable_name(option: str) -> str:
    """Return the environment variable of an option: `max-size` has `HATCH_TILEBOX_MAX_SIZE`."""
    return "HATCH_TILEBOX_" + option.upper().replace("-", "_")


def setting_name(option: str) -> str:
    """Return the config setting (PEP 517) of an option: `max-size` has `tilebox.max-size`."""
    return f"tilebox.{option}"


def options_table(pyproject: Pyproject) -> dict[str, Any]:
    """Return the options in the files of a project: those of the hook, and before them those of the target `tilebox`."""
    return {**pyproject.hatch_table("build", "hooks", "tilebox"), **pyproject.hatch_table("build", "targets", "tilebox")}


def load_options(
    table: Mapping[str, object],
    *,
    where: str,
    environ: Mapping[str, str],
    settings: Mapping[str, object] | None = None,
    pyproject: Pyproject | None = None,
) -> BuildOptions:
    """Return the options of a build. Config settings take precedence over environment variables, these over the table.

    `table` is the table with the dotted name `where`, as hatchling read it. With `pyproject`, errors name the line. Config settings
    that do not begin with `tilebox.` are ignored.

    Raises ConfigError with all mistakes.
    """
    keys = {option.name: option for option in option_keys()}
    values: dict[str, Any] = {}
    problems = [*_read_table(table, keys, values, where, pyproject)]
    variables = {variable_name(name): key for name, key in keys.items()}
    problems += _read_texts({name: environ[name] for name in variables if environ.get(name)}, variables, values)
    problems += _read_texts(settings or {}, {setting_name(name): key for name, key in keys.items()}, values, "config setting ")
    if problems:
        raise ConfigError(*problems)
    return BuildOptions(**values)


def options_without_project() -> BuildOptions:
    """Return the options `cache` and `pass-environment` from their environment variables, and the defaults. Raises ConfigError."""
    names = {variable_name(option) for option in ("cache", "pass-environment")}
    return load_options({}, where="", environ={name: os.environ[name] for name in names if name in os.environ})


def _read(key: Key, raw: object, at: KeyPath, values: dict[str, Any]) -> list[Mistake]:
    """Add the option's value to `values`, or return its mistakes."""
    report = Report()
    value = key.kind.read(raw, at, report)
    if not report.mistakes:
        values[key.field] = value
    return report.mistakes


def _read_table(
    table: Mapping[str, object], keys: Mapping[str, Key], values: dict[str, Any], where: str, pyproject: Pyproject | None
) -> list[Problem]:
    known = TARGET_KEYS if where.startswith(_TARGETS) and not where.endswith("hooks.tilebox") else HOOK_KEYS
    report = Report(elsewhere=PLACES)
    for name, raw in table.items():
        if name in keys:
            report.mistakes += _read(keys[name], raw, (name,), values)
        elif name not in known:
            report.unknown((name,), keys, "option", taken=table)
    places = list(_tables_with_options(pyproject, where)) if report.mistakes and pyproject else []
    return in_order(_table_problem(mistake, where, places) for mistake in report.mistakes)


def _table_problem(mistake: Mistake, where: str, places: list[tuple[Document, list[str]]]) -> Problem:
    for document, table in places:
        if mistake.path[0] in table_at(document.values, table):
            full = (*table, *mistake.path)
            fix = Fix("rename", document.name, full, mistake.fix) if mistake.fix else None
            return mistake.problem(dotted(full), document.location(full, key=mistake.of_key), fix)
    if mistake.named:
        return mistake._replace(message=f"{where}: {mistake.message}").problem("", None)
    return mistake.problem(f"{where}.{dotted(mistake.path)}", None)


def _tables_with_options(pyproject: Pyproject, where: str) -> Iterator[tuple[Document, list[str]]]:
    """Yield the tables that may contain options, the likeliest first: hatchling merges several, and does not report which."""
    for document, prefix in ((pyproject.document, ""), (pyproject.hatch_document, "tool.hatch.")):
        if document is None:
            continue
        targets = table_at(document.values, _TARGETS.removeprefix(prefix).split("."))
        hooks_of_targets = [f"{_TARGETS}.{target}.hooks.tilebox" for target in targets]
        for name in dict.fromkeys((where, *hooks_of_targets, HOOK_TABLE, TARGET_TABLE)):
            path = name.removeprefix(prefix).split(".")
            if table_at(document.values, path):
                yield document, path


def _read_texts(given: Mapping[str, object], known: Mapping[str, Key], values: dict[str, Any], what: str = "") -> Iterator[Problem]:
    """Read what an environment or a frontend has for options: texts, from a frontend also other values."""
    for name, raw in given.items():
        if name in known:
            value = known[name].kind.from_text(raw) if isinstance(raw, str) else raw
            for mistake in _read(known[name], value, (), values):
                yield mistake.problem(f"{what}{name}{dotted(mistake.path)}", None)
        elif name.startswith("tilebox."):
            report = Report()
            report.unknown((name,), known, what.strip())
            yield report.mistakes[0].problem("", None)
