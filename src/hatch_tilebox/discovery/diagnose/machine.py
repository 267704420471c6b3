"""Explain what a clean start used that a release runner does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.discovery.diagnose.context import Context


def machine_files(context: Context, facts: Mapping[str, Any]) -> list[Problem]:
    """An error for each file outside the release that the code opened while it started."""
    return [
        Problem(
            f"starting `{context.module}` opens {opened}, which is on this machine and not in the release",
            "add the file to the project and to [build] include in tilebox.workflow.toml, and open it by its path relative "
            "to the code; "
            "or read its path from an environment variable",
            Location(path, line),
            code="TBX310",
        )
        for opened, path, line in facts.get("opened", ())
    ]


def network_needed(context: Context, facts: Mapping[str, Any]) -> Problem | None:
    """The problem of a start without network that failed after the code tried to connect, None for failures with another cause."""
    connected = facts.get("connected")
    if not (context.offline and connected) or facts.get("module") or facts.get("type") in {None, "KeyError"}:
        return None
    address, path, line = connected[-1]
    message = f"importing `{context.module}` needs the network: it connects to {address}"
    hint = "connect in the task that needs it, not at import: a release runner may start while the host cannot be reached"
    return Problem(
        message, hint, Location(path, line), context.paths.clean(facts.get("traceback", "")).rstrip() or None, code="TBX314"
    )
