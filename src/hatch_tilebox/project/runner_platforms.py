"""Which packages of a lock install on the platforms of release runners, and how.

A package may have no wheel for them, although it has one for this machine. The lock and uv are enough to find that out, without an
environment of that platform.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.core.runner_image import PYTHONS, pythons_for
from hatch_tilebox.core.short_forms import listed
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.process import run
from hatch_tilebox.project.platform_tags import best_wheel, marker_environment, tag_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.uv_lock import LockedFile, UvLock

IMAGE_PLATFORMS = tuple(f"linux-{machine}-cp{python.replace('.', '')}" for machine in ("x86_64", "aarch64") for python in PYTHONS)
"""The platforms of the official runner image, `ghcr.io/tilebox/runner`."""
EXPORT_LIMIT = 60.0
"""Seconds that `uv export` may take; it usually takes a twentieth of one."""
_PLATFORM = re.compile(r"linux-(?P<machine>x86_64|aarch64)-cp3(?P<minor>\d+)")
_PYPI = "https://pypi.org/"
_CUDA = re.compile(r"nvidia-|cuda-|cupy-cuda")


@dataclass(frozen=True)
class Installation:
    """The packages that a runner of one platform installs. `download` is in bytes, of the `sized` packages among `packages`."""

    platform: str
    packages: int
    sized: int
    download: int
    built: tuple[str, ...]
    """Packages (`name version`) that the runner builds from their sdist, because they have no wheel at all."""
    compiled: tuple[str, ...]
    """Packages that have wheels for other platforms only: the runner builds them, most likely with a compiler."""
    impossible: tuple[str, ...]
    """Packages with neither a wheel for the platform nor an sdist."""
    cuda: tuple[str, ...]
    """Packages that bring CUDA."""
    indexes: Mapping[str, int]
    """Numbers of packages that come from other indexes than PyPI, by the URL of the index."""

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON."""
        return {name: value for name, value in asdict(self).items() if name != "sized"}


def platforms_of(runners: Sequence[str], requires_python: str | None, pinned: str | None) -> tuple[str, ...]:
    """Return the platforms to check: `runners`, else those of the official image that the project's Pythons include.

    `pinned` is the content of `.python-version` among the selected files.
    """
    if runners:
        return tuple(runners)
    pythons = pythons_for(requires_python, pinned)
    return tuple(platform for platform in IMAGE_PLATFORMS if f"3.{platform_parts(platform)[1]}" in pythons)


def read_installations(
    root: Path, uv: Path, platforms: Sequence[str], configuration: Mapping[str, Any], *, lock_root: Path | None = None
) -> list[Installation]:
    """Return what runners of `platforms` install for the project in `root` from its lock; nothing if uv cannot read it.

    `configuration` is the table `[tool.uv]` that counts for the lock, `lock_root` the folder of the lock: by default `root`, or
    that of the workspace around the project. Local packages count as the wheels that the release has of them: those of files are
    known, those of folders are taken to fit every platform. Needs no network, no Python of the platform, and writes nothing.
    """
    command = [str(uv), "export", "--frozen", "--offline", "--no-hashes", "--no-header", "--no-annotate", "--no-emit-project"]
    answer = run([*command, "--color", "never"], folder=root, environment=install_environment(), timeout=EXPORT_LIMIT)
    if answer.returncode != 0:
        return []
    try:
        locked = _locked_files(read_lock((lock_root or root) / LOCK_NAME))
    except (ConfigError, FileNotFoundError):
        return []
    requirements, local = [*_requirements(answer.output)], [*_local_packages(answer.output)]
    return [_installation(platform, requirements, local, locked, configuration) for platform in platforms]


def check_installations(installations: Sequence[Installation], *, chosen: bool) -> tuple[list[Problem], list[Problem]]:
    """Return errors and warnings about packages that runners cannot install, or have to build.

    With `chosen` the project names its runners: then a package that one of them cannot install is an error.
    """
    impossible = _problems(
        installations,
        "impossible",
        "{} cannot be installed on {}: it has no wheel that fits, and no sdist",
        "take another version of it, exclude that Python with requires-python, or name your runners in the option runners",
        "TBX206",
    )
    warnings = _problems(
        installations,
        "compiled",
        "{} has no wheel for {}: a release runner compiles it at every cold start",
        "take a version that has one, or make sure that the runner has a compiler and the libraries that it needs",
        "TBX207",
    )
    if not chosen and (cuda := next((item for item in installations if item.cuda), None)):
        warnings.append(
            Problem(
                f"{len(cuda.cuda)} packages bring CUDA, which the official runner image has no use for: {', '.join(cuda.cuda[:3])}"
                f"{', …' if cuda.cuda[3:] else ''}",
                "take builds for CPUs, for example from the index https://download.pytorch.org/whl/cpu",
                Location(LOCK_NAME),
                code="TBX208",
            )
        )
    return (impossible, warnings) if chosen else ([], [*impossible, *warnings])


def _problems(installations: Sequence[Installation], group: str, message: str, hint: str, code: str) -> list[Problem]:
    """Return a problem for each package in a group of some installations; the `message` has gaps for it and its platforms."""
    found: dict[str, list[str]] = {}
    for installation in installations:
        for package in getattr(installation, group):
            found.setdefault(package, []).append(installation.platform)
    problems = []
    for package, platforms in found.items():
        everywhere = len(platforms) == len(installations) > 1
        words = message.format(package, "any platform of your runners" if everywhere else listed(platforms))
        problems.append(Problem(words, hint, Location(LOCK_NAME), code=code))
    return problems


def summaries(installations: Sequence[Installation], *, each: bool = False) -> list[str]:
    """Return lines on what runners install: for each platform, or for the one with the largest download."""
    if each or not installations:
        return [f"{item.platform}: {_in_figures(item)}" for item in installations]
    largest = max(installations, key=lambda item: item.download)
    platforms = f"{len(installations)} runner platforms, at most" if len(installations) > 1 else f"{largest.platform}:"
    return [f"{platforms} {_in_figures(largest)}"]


def _in_figures(installation: Installation) -> str:
    """Return for example `61 packages, 48.2 MiB to download, builds promise`."""
    unknown = installation.packages - installation.sized - len(installation.impossible)
    size = f"{format_size(installation.download)} to download" + (f" and {unknown} of unknown size" if unknown else "")
    built = [package.partition(" ")[0] for package in (*installation.built, *installation.compiled)]
    parts = [f"{installation.packages} packages", size]
    parts += [f"builds {', '.join(built)}"] if built else []
    parts += [f"{len(installation.impossible)} cannot be installed"] if installation.impossible else []
    parts += [f"{len(installation.cuda)} with CUDA"] if installation.cuda else []
    parts += [f"{count} from {index}" for index, count in sorted(installation.indexes.items())]
    return ", ".join(parts)


def _requirements(exported: str) -> Iterator[Requirement]:
    """Yield the requirements that `uv export` wrote, without folders and files."""
    for line in exported.splitlines():
        with suppress(InvalidRequirement):
            yield Requirement(line.strip())


def _local_packages(exported: str) -> Iterator[tuple[str, Marker | None]]:
    """Yield the names of the folders and files that `uv export` wrote, with their markers."""
    for line in exported.splitlines():
        path, _, marker = line.strip().removeprefix("-e ").partition(" ; ")
        if path.startswith((".", "/")):
            yield PurePosixPath(path).name, Marker(marker) if marker else None


class _Locked(NamedTuple):
    """The files of one version of a package, wheels by name. `origin` is the URL of the index that they come from."""

    wheels: Mapping[str, LockedFile]
    sdist: LockedFile | None
    origin: str


def _locked_files(lock: UvLock) -> dict[tuple[str, str], _Locked]:
    """Return the files of each package in the lock, by name and version; one version may come from several indexes."""
    found: dict[tuple[str, str], _Locked] = {}
    for package in lock.packages:
        key = package.name, package.version
        known = found.get(key, _Locked({}, None, ""))
        wheels = {**known.wheels, **{wheel.name: wheel for wheel in package.wheels}}
        origin = package.source if package.kind == "registry" else ""
        found[key] = _Locked(wheels, package.sdist or known.sdist, origin)
    return found


def _installation(
    platform: str,
    requirements: Sequence[Requirement],
    local: Sequence[tuple[str, Marker | None]],
    locked: Mapping[tuple[str, str], _Locked],
    configuration: Mapping[str, Any],
) -> Installation:
    machine, minor = platform_parts(platform)
    environment, order = marker_environment(machine, minor), tag_order(machine, minor)
    installed = [filename for filename, marker in local if marker is None or marker.evaluate(environment)]
    misfits = [" ".join(name.split("-")[:2]) for name in installed if name.endswith(".whl") and not best_wheel([name], order)]
    groups: dict[str, list[str]] = {"built": [], "compiled": [], "impossible": misfits, "cuda": []}
    packages, sized, download = len(installed), len(installed) - len(misfits), 0
    indexes: Counter[str] = Counter()
    for requirement in requirements:
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        packages += 1
        name = canonicalize_name(requirement.name)
        version = str(requirement.specifier).removeprefix("==")
        files = locked.get((name, version))
        if _CUDA.match(name) or "+cu" in version:
            groups["cuda"].append(f"{name} {version}".strip())
        if files is None or requirement.url:  # from git, a URL or a folder
            continue
        if files.origin and not files.origin.startswith(_PYPI):
            indexes[display_url(files.origin)] += 1
        wheel = None if _listed_in(configuration, "no-binary", name) else best_wheel(files.wheels, order)
        file = files.wheels[wheel] if wheel else files.sdist
        if not wheel:
            file = None if _listed_in(configuration, "no-build", name) else file
            groups["impossible" if file is None else "compiled" if files.wheels else "built"].append(f"{name} {version}")
        if file and file.size is not None:
            sized += 1
            download += file.size
    named = {group: tuple(names) for group, names in groups.items()}
    return Installation(platform, packages, sized, download, indexes=dict(indexes), **named)


def _listed_in(configuration: Mapping[str, Any], setting: str, name: str) -> bool:
    """Whether `no-binary` or `no-build` of `[tool.uv]` counts for the package. Source: https://docs.astral.sh/uv/reference/settings/"""
    names = configuration.get(f"{setting}-package", [])
    listed = isinstance(names, list) and name in {canonicalize_name(item) for item in names if isinstance(item, str)}
    return listed or configuration.get(setting) is True


def platform_parts(platform: str) -> tuple[str, int]:
    """Return the machine and the minor version of Python 3 of a platform such as `linux-x86_64-cp312`."""
    found = _PLATFORM.fullmatch(platform)
    if found is None:
        message = f"not a platform: {platform}"  # the options are checked before
        raise ValueError(message)
    return found["machine"], int(found["minor"])
