"""The structure of the package matches CONTRIBUTING.md."""

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
    """Return the table of CONTRIBUTING.md: layer to the names in its second column."""
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


def test_at_most_nine_modules_are_at_the_top():
    assert len(list(PACKAGE.glob("*.py"))) <= 9


@pytest.mark.parametrize("path", sorted(IN_WORKFLOW.rglob("*.py")), ids=lambda path: path.name)
def test_what_runs_in_the_workflow_imports_nothing_of_ours(path):
    """Only type-checking imports, which never happen there, may name this package."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.body = []
    assert imported_packages(tree) <= sys.stdlib_module_names | SDK
    assert relative_imports(tree) <= {file.stem for file in path.parent.glob("*.py")}
    assert dynamic_imports(tree) == []


def imported_packages(tree):
    """Top-level names of all absolute imports, in functions too."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.name for node in statements if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in statements if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def relative_imports(tree):
    """Names of the modules that relative imports name, with a dot in front for those outside the folder."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {
                "." * (node.level - 1) + name for name in ([node.module] if node.module else [item.name for item in node.names])
            }
    return found


def dynamic_imports(tree):
    """What could import this package unseen: its name in a string that is not documentation, and code that is built as text."""
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    found = []
    for node in ast.walk(tree):
        named = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts
        if named and re.search(r"(?<!_)hatch_tilebox\b|^hatch_$", node.value):
            found.append((node.lineno, node.value))
        if isinstance(node, ast.Name) and node.id in {"__import__", "eval", "exec", "compile"}:
            found.append((node.lineno, node.id))
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import importlib\nimportlib.import_module('hatch_tilebox.core.model')",
        "from importlib import import_module as load\nload(name='hatch_tilebox')",
        "__import__('hatch_' + 'tilebox')",
        "exec('import ' + name)",
        "import importlib\npart = 'core'\nimportlib.import_module(f'hatch_tilebox.{part}')",
    ],
)
def test_an_import_by_name_is_found(code):
    assert dynamic_imports(ast.parse(code))


TOML_EDITORS = {
    "project/adopt/toml_text.py",
    "publish/tilebox/project_folder.py",
    "discovery/uv_configuration.py",
    "project/vendor/configuration.py",
}
"""Modules that write TOML with tomlkit."""


def test_toml_is_parsed_and_names_are_normalized_in_one_place():
    """`core/toml_document.py` reads every TOML file, and `packaging` knows the rules of names."""
    for path in PACKAGE.rglob("*.py"):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")
        if not name.startswith("core/toml_"):
            assert not re.search(r"\b(import|from) tom(llib|li)\b", text), name
        if name not in TOML_EDITORS:
            assert "import tomlkit" not in text, name
        if IN_WORKFLOW not in path.parents:
            assert "[-_.]+" not in text, name


def test_unit_tests_mirror_the_rooms():
    rooms = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    tests = {path.parent.relative_to(ROOT / "tests" / "unit") for path in (ROOT / "tests" / "unit").rglob("test_*.py")}
    assert tests <= rooms
