"""The rooms of the house: what CONTRIBUTING says of them is what there is."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "hatch_tilebox"
IN_WORKFLOW = PACKAGE / "discovery" / "in_workflow"
SDK = {"google", "grpc", "msgspec", "pyarrow", "shapely", "tilebox"}
"""What `tilebox-workflows` brings, and what a task's input may have fields of."""


def table():
    """The rooms of CONTRIBUTING's table: floor to the names in its second column."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    return {int(floor): re.findall(r"`([^`]+)`", rooms) for floor, rooms in rows}


def test_contributing_names_every_room():
    named = {name.rstrip("/") for rooms in table().values() for name in rooms}
    packages = {path.parent for path in PACKAGE.rglob("__init__.py")} - {PACKAGE, IN_WORKFLOW / "entry"}
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert named == modules | {path.name for path in packages}


def test_floors_are_those_of_the_contract():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    floors = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    assert len(floors) <= 9
    top = {path.stem for path in PACKAGE.iterdir()}
    named = [{name.removesuffix(".py").rstrip("/") for name in rooms} & top for _, rooms in sorted(table().items(), reverse=True)]
    assert floors == named


def test_nine_modules_at_most_stand_at_the_top():
    assert len(list(PACKAGE.glob("*.py"))) <= 9


@pytest.mark.parametrize("path", sorted(IN_WORKFLOW.rglob("*.py")), ids=lambda path: path.name)
def test_what_runs_in_the_workflow_imports_nothing_of_ours(path):
    """Types alone may be ours: those imports never happen there."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.body = []
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "."])
    }
    assert imported <= sys.stdlib_module_names | SDK


def test_unit_tests_mirror_the_rooms():
    rooms = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    tests = {path.parent.relative_to(ROOT / "tests" / "unit") for path in (ROOT / "tests" / "unit").rglob("test_*.py")}
    assert tests <= rooms
