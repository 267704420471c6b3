"""A report as JSON values, for other programs; `schemas/output.schema.json` describes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatch_tilebox.report.collect import Release, Report
    from hatch_tilebox.report.graph import Graph


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values. The changes and the run are those of `diff --json` and `run --json`."""
    return {
        "title": report.title,
        "release": report.release and _release(report.release),
        "old": report.old and _release(report.old),
        "verdict": report.difference.comparison.verdict if report.difference else None,
        "run": {"state": report.job.state, "tasks": len(report.job.tasks)} if report.job else None,
        "graph": _graph(report.graph),
    }


def _release(release: Release) -> dict[str, Any]:
    return {
        "file": release.file,
        "name": release.manifest.project.name,
        "version": release.manifest.project.version,
        "workflow": release.manifest.workflow.slug,
        "fingerprint": release.manifest.fingerprint,
        "digest": release.digest,
        "size": release.size,
        "files": [asdict(piece) for piece in release.files],
        "packages": None if release.packages is None else [asdict(piece) for piece in release.packages],
    }


def _graph(graph: Graph) -> dict[str, Any]:
    nodes = [
        {
            "name": node.name,
            "version": node.version,
            "registered": node.task is not None,
            "trigger": node.task.trigger if node.task else None,
            "input": node.task.input_schema if node.task else None,
            "change": node.change,
            "count": node.count,
            "failed": node.failed,
        }
        for node in graph.nodes
    ]
    edges = [{"from": edge.start, "to": edge.end, "kind": edge.kind, "count": edge.count} for edge in graph.edges]
    return {"tasks": nodes, "edges": edges, "left_out": graph.left_out}
