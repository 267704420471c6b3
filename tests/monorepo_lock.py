"""A lock for copies of `test_projects/monorepo`, written by hand: no package index is needed."""

from __future__ import annotations

from pathlib import Path

MONOREPO = Path(__file__).parents[1] / "test_projects" / "monorepo"
_PACKAGE = """
[[package]]
name = "{name}"
version = "{version}"
source = {{ {source} }}
dependencies = [{dependencies}]
"""
_LOCKED = {
    "cleanup": ("0.1.0", 'virtual = "workflows/cleanup"', ["grids", "tilebox-workflows"]),
    "coverage": ("0.1.0", 'virtual = "workflows/coverage"', ["scenes", "tilebox-workflows"]),
    "grids": ("0.7.0", 'editable = "packages/grids"', []),
    "numpy": ("2.4.0", 'registry = "https://pypi.org/simple"', []),
    "report": ("0.1.0", 'virtual = "workflows/report"', ["tilebox-workflows"]),
    "scenes": ("1.4.0", 'editable = "packages/scenes"', ["grids", "numpy"]),
    "tilebox-workflows": ("0.66.0", 'registry = "https://pypi.org/simple"', []),
}


def lock(**versions):
    """Return the lock of the repository, with other versions of some packages."""
    text = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[manifest]\nmembers = ["cleanup", "coverage", "report"]\n'
    for name, (version, source, dependencies) in _LOCKED.items():
        items = ", ".join(f'{{ name = "{each}" }}' for each in dependencies)
        text += _PACKAGE.format(name=name, version=versions.get(name, version), source=source, dependencies=items)
    return text
