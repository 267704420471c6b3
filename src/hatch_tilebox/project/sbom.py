"""The SBOM of a release (software bill of materials): the packages of its lock that release runners install, as CycloneDX.

Source: CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/
"""

from __future__ import annotations

import uuid
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from packaging.markers import InvalidMarker, Marker

from hatch_tilebox.core.constants import LOCK_NAME, SBOM_SUFFIX
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import canonical_json
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.run_uv import run_uv
from hatch_tilebox.project.platform_tags import best_wheel, marker_environment, tag_order
from hatch_tilebox.project.runner_platforms import EXPORT_LIMIT, platform_parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest

_MARKER = "uv:package:marker"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://tilebox.com/tbrelease")


def write_sbom(manifest: ReleaseManifest, artifact: Artifact, root: Path, platforms: Sequence[str]) -> tuple[Path, int]:
    """Write the SBOM of a release beside it. Return the path and the number of components.

    `root` is a folder with the `pyproject.toml` and the `uv.lock` of the release. The same release gives the same bytes. Raises
    ConfigError if the release has no lock, or uv cannot export it.
    """
    if LOCK_NAME not in {file.path for file in manifest.files}:
        hint = f"run `uv lock`, and select {LOCK_NAME}; or turn off the option sbom"
        raise ConfigError(Problem(f"an SBOM lists the packages of {LOCK_NAME}, and the release has none", hint, code="TBX216"))
    exported = _export(root)
    try:
        components, dependencies = _restricted(exported, platforms)
    except (AttributeError, KeyError, TypeError, InvalidMarker) as error:
        raise ConfigError(_fault("uv wrote a CycloneDX document of another shape")) from error
    document = _document(manifest, artifact, components, dependencies)
    path = artifact.path.with_suffix(SBOM_SUFFIX)
    with whole_file(path) as file:
        file.write(canonical_json(document))
    return path, len(components)


def _export(root: Path) -> dict[str, Any]:
    with temporary_folder() as folder:
        target = folder / "sbom.json"
        command = ["export", "--format", "cyclonedx1.5", "--preview-features", "sbom-export"]
        options = ["--frozen", "--offline", "--no-header", "--quiet", "--output-file", str(target)]
        answer = run_uv(*command, *options, folder=root, timeout=EXPORT_LIMIT)
        if answer.returncode != 0 or not target.exists():
            raise ConfigError(_fault("uv cannot export the lock as CycloneDX", answer.errors or answer.output))
        try:
            value = parse_json(target.read_bytes())
        except ValueError as error:
            raise ConfigError(_fault("uv wrote a CycloneDX document that is not JSON")) from error
    if not isinstance(value, dict):
        raise ConfigError(_fault("uv wrote a CycloneDX document of another shape"))
    return value


def _fault(message: str, details: str | None = None) -> Problem:
    hint = "run `uv lock`; an old uv cannot export CycloneDX: uv self update"
    return Problem(message, hint, Location(LOCK_NAME), details, code="TBX216")


def _restricted(exported: Mapping[str, Any], platforms: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the components that a runner of `platforms` installs, and the dependencies between them and of the project."""
    places = [platform_parts(platform) for platform in platforms]
    project = exported["metadata"]["component"]["bom-ref"]
    names = {project: _PROJECT}
    components = []
    for component in exported.get("components", []):
        properties = {item["name"]: item["value"] for item in component.get("properties", [])}
        marker = Marker(properties[_MARKER]) if _MARKER in properties else None
        installed = [place for place in places if marker is None or marker.evaluate(marker_environment(*place))]
        if not installed:
            continue
        # uv's references contain a counter, which changes with other packages of the lock.
        reference = component.get("purl") or f"{component['name']}@{component.get('version', '')}"
        names[component["bom-ref"]] = reference
        kept = {key: component[key] for key in ("type", "name", "version", "purl") if key in component}
        if hashes := _hashes(component, installed):
            kept["hashes"] = hashes
        if marker is not None:
            kept["properties"] = [{"name": _MARKER, "value": str(marker)}]
        components.append({**kept, "bom-ref": reference})
    dependencies = [
        {"ref": names[each["ref"]], "dependsOn": sorted({names[ref] for ref in each.get("dependsOn", []) if ref in names})}
        for each in exported.get("dependencies", [])
        if each["ref"] in names
    ]
    return sorted(components, key=itemgetter("bom-ref")), sorted(dependencies, key=itemgetter("ref"))


_PROJECT = "release"
"""The reference of the release itself."""


def _hashes(component: Mapping[str, Any], places: Sequence[tuple[str, int]]) -> list[dict[str, str]]:
    """Return the hashes of the files that runners download for a component: the wheel that fits best, else the sdist."""
    files = {
        unquote(reference["url"].partition("#")[0].rpartition("/")[2]): reference["hashes"]
        for reference in component.get("externalReferences", [])
        if reference.get("type") == "distribution" and reference.get("hashes")
    }
    sdists = [name for name in files if not name.endswith(".whl")]
    chosen = {best_wheel(files, tag_order(*place)) or next(iter(sdists), "") for place in places}
    found = {(item["alg"], item["content"]) for name in chosen if name in files for item in files[name]}
    return [{"alg": algorithm, "content": content} for algorithm, content in sorted(found)]


def _document(
    manifest: ReleaseManifest, artifact: Artifact, components: list[dict[str, Any]], dependencies: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the SBOM. It has no time, and its serial number follows from the digest: the same release gives the same bytes."""
    release = {
        "type": "application",
        "bom-ref": _PROJECT,
        "name": manifest.project.name,
        "version": manifest.project.version,
        "hashes": [{"alg": "SHA-256", "content": artifact.sha256}],
        "properties": [
            {"name": "tilebox:workflow", "value": manifest.workflow.slug},
            {"name": "tilebox:fingerprint", "value": manifest.fingerprint},
        ],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "serialNumber": uuid.uuid5(_NAMESPACE, artifact.sha256).urn,
        "metadata": {"tools": {"components": [{"type": "application", "name": "hatch-tilebox"}]}, "component": release},
        "components": components,
        "dependencies": dependencies,
    }
