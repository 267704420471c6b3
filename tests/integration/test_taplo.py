"""Taplo, which checks TOML in editors, and the loader accept the same files of the corpus."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from filelock import FileLock

CORPUS = Path(__file__).parents[1] / "unit" / "project" / "corpus"
SCHEMA = Path(str(files("hatch_tilebox"))) / "schemas" / "tilebox.workflow.schema.json"
PACKAGE = "@taplo/cli@0.7.0"


@pytest.fixture(scope="module")
def taplo(shared):
    """A function that lints files with the schema and returns the finished process."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not on this machine")
    folder = shared / "taplo"
    with FileLock(f"{folder}.lock"):
        if not (folder / "node_modules").exists():
            subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, PACKAGE], check=True)

    def lint(*paths, schema=SCHEMA):
        command = [folder / "node_modules" / ".bin" / "taplo", "lint", "--no-auto-config", "--colors", "never"]
        return subprocess.run(
            [*command, "--schema", schema.as_uri(), *paths], cwd=folder, capture_output=True, encoding="utf-8", check=False
        )

    return lint


def test_good_files_pass(taplo):
    result = taplo(*(CORPUS / "good").glob("*.toml"))
    assert result.returncode == 0, result.stderr


def test_bad_files_fail(taplo):
    """All files except those with an error that a JSON Schema cannot express."""
    paths = set((CORPUS / "bad").glob("*.toml"))
    beyond = {path.name for path in paths if path.read_text("utf-8").startswith("#~ ")}
    result = taplo(*paths)
    failed = set(re.findall(r'invalid file .*path="[^"]*?([^"/\\]+\.toml)"', result.stderr))
    assert result.returncode != 0
    assert failed == {path.name for path in paths} - beyond
    assert beyond


def test_schema_itself_is_not_refused(taplo, tmp_path):
    """A file with one error has exactly one wrong place. If Taplo could not load the schema, every file would fail."""
    path = tmp_path / "one.toml"
    path.write_text('[workflow]\nslug = "a"\nrunner = "a:b"\n\n[build]\ninclude = ["a", "/b"]\n')
    result = taplo(path)
    assert set(re.findall(r"one\.toml:(\d+):\d+", result.stderr)) == {"6"}


def test_messages_are_words(taplo, tmp_path):
    path = tmp_path / "words.toml"
    path.write_text('[workflow]\nslug = "a b"\nrunner = "a.py:b"\n\n[build]\ninclude = ["/b", "../c"]\n')
    printed = taplo(path).stderr
    for words in (
        "anything-but-letters-digits-and-hyphens",
        "the-path-of-a-file",
        "an-absolute-pattern",
        "a-pattern-outside-the-root",
    ):
        assert f"/{words}" in printed
    assert "does not match" not in printed
    assert 'pattern":' not in printed


def test_tables_of_pyproject(taplo, tmp_path):
    path, schema = tmp_path / "pyproject.toml", SCHEMA.with_name("pyproject.schema.json")
    path.write_text('[project]\nname = "a"\n\n[tool.hatch.build.hooks.tilebox]\nmax-size = "1 GiB"\n')
    result = taplo(path, schema=schema)
    assert result.returncode == 0, result.stderr
    path.write_text('[tool.hatch.publish.tilebox]\nto = "."\n\n[tool.hatch.build.targets.tilebox]\nmax-size = "1 XB"\n')
    assert 'anything-but-a-size-such-as-500-MB"} is not allowed for "1 XB"' in taplo(path, schema=schema).stderr
