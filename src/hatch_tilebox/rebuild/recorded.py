"""A build with the versions of hatch-tilebox and Python that a statement records, installed by uv in an environment of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.attestations.statement import read_provenance
from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.build_options import variable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest

_LIMIT = 1800.0
_MATCHED = ("hatch-tilebox", "hatchling", "python")
"""What can be installed. uv is the one of this machine, and zstd comes with Python or one of its packages."""


def build_with_recorded(
    root: Path,
    folder: Path,
    options: Mapping[str, str | bool],
    recorded: Mapping[str, str],
    used: Mapping[str, str],
    variables: Sequence[str],
    on_line: Callable[[str], None],
) -> tuple[dict[str, str], tuple[ReleaseManifest, Artifact]] | None:
    """Build the project in `root` with the recorded versions. Return the versions that were used, and the release.

    `used` are the versions of this installation. None if they are the recorded ones, or those cannot be installed, or the build
    fails; `on_line` gets the reason, and the lines of the build.
    """
    wanted = {name: recorded.get(name, "") for name in _MATCHED}
    if not wanted["hatch-tilebox"] or all(used.get(name) == text for name, text in wanted.items() if text):
        return None
    try:
        versions = {name: str(Version(text)) for name, text in wanted.items() if text}
    except InvalidVersion as error:  # the statement may be written by anybody
        on_line(str(error))
        return None
    command = [str(require_uv()), "tool", "run", "--isolated", "--no-progress"]
    command += ["--python", versions["python"]] if "python" in versions else []
    command += ["--with", f"hatchling=={versions['hatchling']}"] if "hatchling" in versions else []
    command += ["--from", f"hatch-tilebox[cli]=={versions['hatch-tilebox']}", "hatch-tilebox", "build"]
    command += [part for variable in variables for part in ("--env", variable)]
    settings = {**options, "output-dir": str(folder), "provenance": True}
    environment = {
        variable_name(name): str(value).lower() if isinstance(value, bool) else value for name, value in settings.items()
    }
    folder.mkdir()
    done = run(
        [*command, "--", str(root)], folder=folder, environment={**os.environ, **environment}, timeout=_LIMIT, on_line=on_line
    )
    paths = [*folder.glob("*.tbrelease")]
    if done.returncode or len(paths) != 1:
        on_line(f"a build with the recorded versions fails: {done.errors.strip() or done.output.strip()}")
        return None
    try:
        manifest, artifact = check_archive(paths[0])
        statement = read_provenance(artifact.path, artifact.sha256)
    except TileboxError as error:
        on_line(str(error))
        return None
    return {**used, **versions, **(statement.versions if statement else {})}, (manifest, artifact)
