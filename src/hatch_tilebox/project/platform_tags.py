"""What installs on a platform of a release runner: the tags of wheels that fit it, and the values of its markers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.tags import Tag

GLIBC = 36
"""The minor version of glibc 2 that wheels may need: that of Debian 12, on which official Python images were built in 2025."""
LATEST_PATCH = 99
"""The patch release assumed for markers of `python_full_version`: newer than all that exist."""
LEGACY_TAGS = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def best_wheel(wheels: Iterable[str], order: Mapping[Tag, int]) -> str | None:
    """The wheel that an installer takes: the one whose best tag comes first in `order`."""
    ranked = [(rank, wheel) for wheel in wheels if (rank := _rank(wheel, order)) is not None]
    return min(ranked)[1] if ranked else None


def _rank(wheel: str, order: Mapping[Tag, int]) -> int | None:
    try:
        tags = parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return None
    return min((order[tag] for tag in tags if tag in order), default=None)


@cache
def tag_order(machine: str, minor: int) -> dict[Tag, int]:
    """The tags of wheels that fit, best first. Source: PEP 425, PEP 600."""
    platforms = []
    for glibc in range(GLIBC, 4 if machine == "x86_64" else 16, -1):
        platforms.append(f"manylinux_2_{glibc}_{machine}")
        platforms += [f"{LEGACY_TAGS[glibc]}_{machine}"] if glibc in LEGACY_TAGS else []
    platforms.append(f"linux_{machine}")
    tags = [
        *cpython_tags((3, minor), [f"cp3{minor}"], platforms),
        *compatible_tags((3, minor), f"cp3{minor}", platforms),
    ]
    return {tag: rank for rank, tag in reversed([*enumerate(tags)])}


def marker_environment(machine: str, minor: int) -> dict[str, str]:
    """The values of environment markers on the platform. Source: PEP 508."""
    full = f"3.{minor}.{LATEST_PATCH}"
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": f"3.{minor}",
        "sys_platform": "linux",
    }
