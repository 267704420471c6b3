"""The settings of a publication, with descriptions and examples for the reference and the JSON Schema."""

from __future__ import annotations

from dataclasses import fields

from hatch_tilebox.project.toml.kinds import Flag, Text, TextTable
from hatch_tilebox.project.toml.tables import Key, key
from hatch_tilebox.publish.settings import Settings

_VARIABLE = "HATCH_TILEBOX_PUBLISH_"
_DESCRIBED = {
    "to": key(
        Text(),
        "The destination: `tilebox`, an `https://`, `file://` or `oci://` URL, a folder, or the URL of a plugin. In "
        "`pyproject.toml`, a relative folder is relative to the project; elsewhere it is relative to the current folder, or to the "
        "project with "
        "`hatch publish`.",
        shown="none",
        examples=("oci://ghcr.io/acme/scene-qa",),
    ),
    "artifact-url": key(
        Text(),
        "Where archives are uploaded for the Tilebox API. Without it, Tilebox's command-line tool publishes.",
        shown="none",
        examples=("https://artifacts.example.com/releases",),
    ),
    "check-compatibility": key(
        Flag(),
        "Whether the release is compared with the latest release at the destination, if the destination returns its manifest. A "
        "change that would break jobs of that release, without a new major version, is an error.",
        examples=(False,),
    ),
    "allow-breaking": key(
        Flag(), "Whether a change that would break jobs of the latest release is a warning instead.", examples=(True,)
    ),
    "unique-versions": key(
        Flag(),
        "Whether another release with the same version is an error, not a warning. In an OCI registry it always is.",
        examples=(True,),
    ),
    "allow-same-version": key(Flag(), "Whether another release may have the same version.", examples=(True,)),
    "build": key(
        Flag(),
        "Whether the release is built first. Without this key, `hatch-tilebox publish` builds a release that is out of date or "
        "missing, and `hatch publish` refuses to publish it.",
        shown="if it is out of date",
        examples=(True,),
    ),
    "stale": key(Flag(), "Whether files of the project may differ from those in the archive.", examples=(True,)),
    "verify": key(Flag(), "Whether the worker is started first. This runs the code of the workflow.", examples=(True,)),
    "dry-run": key(Flag(), "Whether only a report of what would happen is printed, and nothing is changed.", examples=(True,)),
    "deploy": key(
        Text(),
        "The target of `tilebox.workflow.toml` to whose clusters the release is deployed after it is published.",
        shown="none",
        examples=("production",),
    ),
    "options": key(
        TextTable(),
        "Options for a destination plugin.",
        shown="`{}`",
        examples=({"region": "eu-1"},),
    ),
}


def publish_keys() -> tuple[Key, ...]:
    """Return the settings in the order of the documentation."""
    defaults = {item.name.replace("_", "-"): item.default for item in fields(Settings)}
    return tuple(Key(name, name.replace("-", "_"), default=defaults[name], **described) for name, described in _DESCRIBED.items())


def publish_variable(setting: str) -> str:
    """Return the environment variable of a setting: `dry-run` has `HATCH_TILEBOX_PUBLISH_DRY_RUN`."""
    return _VARIABLE + setting.upper().replace("-", "_")
