"""A verified archive as a project folder that Tilebox's command-line tool builds the same release from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tomlkit

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, PublishError, SelectionError
from hatch_tilebox.core.model import MANIFEST_PATH, Pattern
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.plugins.destination import LocalRelease

_FOLDER = "release"
_RENAMED = f"{MANIFEST_PATH}.renamed.json"
_KEYS = {"workflow": {"slug", "root", "runner", "command"}, "build": {"include", "exclude", "use_gitignore"}}


def unpack_project(local: LocalRelease, folder: Path) -> Path:
    """Unpack the archive of a release below the empty `folder`, and return the folder with the configuration that selects it.

    The configuration is the release's own if it ships one that selects exactly its files; else a new one outside of the release.
    Raises PublishError if the archive is another one than was verified.
    """
    release = folder / _FOLDER
    if extract_archive(local.artifact.path, release) != local.manifest:
        message = f"{local.artifact.path} changed while it was published"
        raise PublishError(Problem(message, hint="publish again when nothing writes to it", code="TBX119"))
    if _selects_exactly(release, local.manifest):
        return release
    (folder / CONFIG_NAME).write_text(_configuration(local.manifest), "utf-8")
    return folder


def release_paths(manifest: ReleaseManifest) -> frozenset[str]:
    """Return the paths of all files of a release, its manifest among them."""
    return frozenset((MANIFEST_PATH, *(file.path for file in manifest.files)))


def _configuration(manifest: ReleaseManifest) -> str:
    """Return a configuration for the release in the folder beside it. The folder holds nothing else, so folders go in whole."""
    workflow = {**_start_of(manifest), "root": _FOLDER}
    include = sorted({_glob(path) for path in release_paths(manifest)})
    return tomlkit.dumps({"workflow": workflow, "build": {"include": include, "use_gitignore": False}})


def _glob(path: str) -> str:
    """Return a pattern for the file `path`, or for the folder at the top that it is in.

    `?` stands for every character that some syntax of patterns gives a meaning.
    """
    top, slash, _ = path.partition("/")
    return re.sub(r"[^\w.-]", "?", top) + ("/**" if slash else "")


def _selects_exactly(release: Path, manifest: ReleaseManifest) -> bool:
    """Return whether the release ships a configuration that describes exactly this release."""
    if CONFIG_NAME not in release_paths(manifest):
        return False
    try:
        config = read_toml(release / CONFIG_NAME, CONFIG_NAME).values
        workflow, build = config["workflow"], config["build"]
        known = all(set(config[table]) <= keys for table, keys in _KEYS.items())
        if not known or workflow.get("root", ".") not in {".", "./"} or _start(workflow) != _start_of(manifest):
            return False
        patterns = (_patterns(build["include"]), _patterns(build.get("exclude", ())))
        selected = _select(release, *patterns, use_gitignore=build.get("use_gitignore", True) is not False)
    except (ConfigError, SelectionError, KeyError, TypeError, AttributeError):
        return False
    return selected == release_paths(manifest)


def _select(release: Path, include: Sequence[Pattern], exclude: Sequence[Pattern], *, use_gitignore: bool) -> frozenset[str]:
    """Return the paths that patterns select. The manifest has another name meanwhile: a build must not select its name."""
    manifest, renamed = release / MANIFEST_PATH, release / _RENAMED
    manifest.rename(renamed)
    try:
        files = select_files(release, include, exclude, use_gitignore=use_gitignore).files
    finally:
        renamed.rename(manifest)
    return frozenset(MANIFEST_PATH if file.path == _RENAMED else file.path for file in files)


def _start(workflow: dict[str, Any]) -> dict[str, Any]:
    return {key: workflow[key] for key in ("slug", "runner", "command") if key in workflow}


def _start_of(manifest: ReleaseManifest) -> dict[str, Any]:
    """Return the slug of a release and how its worker starts, as keys of `[workflow]`."""
    command = manifest.workflow.command
    start = {"command": list(command)} if command else {"runner": manifest.workflow.runner}
    return {"slug": manifest.workflow.slug, **start}


def _patterns(texts: Iterable[Any]) -> tuple[Pattern, ...]:
    return tuple(Pattern(str(text)) for text in texts)
