"""`hatch-tilebox init` makes a project or changes nothing. That what it makes is built is tested in `tests/integration`."""

from __future__ import annotations

import json
import re
import sys

import pytest

from hatch_tilebox.core.errors import ConfigError, Problem, PublishError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.project.scaffold import derive_slug, scaffold_project
from hatch_tilebox.project.workflow_file import load_config

SCAFFOLD = ["tilebox.workflow.toml", "pyproject.toml", "runner.py", "uv.lock"]


@pytest.fixture
def fake_uv(tmp_path, monkeypatch):
    """A function that puts a program of ours in the place of uv: what it prints to stderr, and how it ends.

    It finds the `pythons`.
    """

    def install(body, pythons=("3.13", "3.14")):
        path = tmp_path / "bin" / "uv"
        path.parent.mkdir()
        find = f"if sys.argv[1] == 'python': sys.exit(not {{*{pythons!r}}} & {{*sys.argv}})"
        path.write_text(f"#!{sys.executable}\nimport os, pathlib, signal, sys, time\n{find}\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setenv("UV", str(path))

    return install


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("TILEBOX_API_KEY", raising=False)


def snapshot(folder):
    """The files in the folder. Only that there is a repository is of interest, and not what git puts there."""
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if ".git" not in path.parts[:-1]
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Scene QA", "scene-qa"),
        ("  Überflutung / Größe 2 ", "uberflutung-groe-2"),
        ("already-a-slug", "already-a-slug"),
        ("snake_case.and.dots", "snake-case-and-dots"),
        ("exactly forty characters in these words!", "exactly-forty-characters-in-these-words"),
        ("a" * 40, "a" * 40),
        ("the forty first character is a hyphen ok and more", "the-forty-first-character-is-a-hyphen-ok"),
        ("sentinel two level two surface reflectance mosaics", "sentinel-two-level-two-surface"),
        ("x" * 60, "x" * 40),
        ("word " + "x" * 60, "word"),
    ],
)
def test_slugs(name, slug):
    assert derive_slug(name) == slug
    assert len(slug) <= 40


@pytest.mark.parametrize("name", ["", "...", "水"])
def test_a_name_without_letters_makes_no_slug(name):
    with pytest.raises(ConfigError, match="makes no slug"):
        derive_slug(name)


@pytest.mark.parametrize("name", SCAFFOLD)
def test_a_project_that_is_there_is_left_alone(invoke, tmp_path, name):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / name).write_text("mine")
    (folder / "notes.txt").write_text("mine too")
    before = snapshot(folder)
    result = invoke("init", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert name in result.stderr
    assert snapshot(folder) == before


def test_a_dangling_link_counts_as_there(invoke, tmp_path):
    (tmp_path / "uv.lock").symlink_to("nowhere")
    assert invoke("init", tmp_path).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["uv.lock"]


def test_uv_is_needed(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for variable in ("UV", "HATCH_UV"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setitem(sys.modules, "uv", None)
    result = invoke("init", tmp_path / "new" / "project")
    assert result.exit_code == 1
    assert "uv is not found" in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_failure_of_uv_leaves_the_folder_as_it_was(invoke, tmp_path, fake_uv):
    fake_uv("os.mkdir('.venv'); pathlib.Path('uv.lock').touch(); sys.exit('error: no such package: tilebox')")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    before = snapshot(folder)
    result = invoke("init", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: no such package: tilebox" in result.stderr
    assert snapshot(folder) == before


def test_a_failure_takes_away_the_folders_that_were_made(invoke, tmp_path, fake_uv):
    fake_uv("sys.exit(2)")
    assert invoke("init", tmp_path / "new" / "project").exit_code == 1
    assert not (tmp_path / "new").exists()


def test_ctrl_c_leaves_the_folder_as_it_was(invoke, tmp_path, fake_uv):
    fake_uv("os.mkdir('.venv'); [(os.kill(os.getppid(), signal.SIGINT), time.sleep(5)) for _ in range(3)]")
    result = invoke("init", tmp_path / "project")
    assert result.exit_code == 130
    assert "Interrupted." in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "project").exists()


def test_an_environment_of_somebody_else_is_left_alone(invoke, tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').write_text('# ' + ' '.join(sys.argv[1:]))")
    (tmp_path / "project" / ".venv").mkdir(parents=True)
    result = invoke("init", tmp_path / "project")
    assert result.exit_code == 0
    assert (tmp_path / "project" / "uv.lock").read_text().startswith("# lock ")
    assert ".venv was there already" in result.stderr


@pytest.mark.parametrize("name", ["tilebox", "Tilebox", "hatchling", "hatch_tilebox"])
def test_a_name_of_what_every_project_needs_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="would depend on itself") as caught:
        scaffold_project(tmp_path / "new", name, None, Progress())
    assert "--name" in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_a_name_of_what_a_dependency_needs_is_refused(tmp_path, fake_uv):
    lock = '[[package]]\nname = "tilebox"\ndependencies = [{ name = "numpy" }]\n'
    fake_uv(f"os.mkdir('.venv'); pathlib.Path('uv.lock').write_text({lock!r})")
    with pytest.raises(ConfigError, match="a project named numpy would depend on itself"):
        scaffold_project(tmp_path / "new", "NumPy", lambda _: pytest.fail("created at Tilebox"), Progress())
    assert not (tmp_path / "new").exists()


def test_without_a_key_the_slug_is_local_and_that_is_said(invoke, tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    result = invoke("init", tmp_path / "project", "--name", "Scene QA")
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'project'}\n")
    assert "no workflow was created at Tilebox" in result.stderr
    assert 'slug = "scene-qa"' in (tmp_path / "project" / "tilebox.workflow.toml").read_text()


def test_offline_needs_no_saying(invoke, tmp_path, fake_uv, monkeypatch):
    monkeypatch.setenv("TILEBOX_API_KEY", "key")
    monkeypatch.setenv("TILEBOX_API_URL", "http://127.0.0.1:9")
    fake_uv("pathlib.Path('uv.lock').touch()")
    result = invoke("init", tmp_path / "project", "--offline", "-q")
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_unreachable_api_leaves_the_folder_as_it_was(invoke, tmp_path, fake_uv, monkeypatch):
    monkeypatch.setenv("TILEBOX_API_KEY", "key")
    monkeypatch.setenv("TILEBOX_API_URL", "http://127.0.0.1:9")
    fake_uv("pathlib.Path('uv.lock').touch()")
    result = invoke("init", tmp_path / "project")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "127.0.0.1:9" in result.stderr
    assert not (tmp_path / "project").exists()


def test_a_workflow_that_was_made_is_named_when_the_rest_fails(tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    root = tmp_path / "project"

    def create(name):
        (root / "tilebox.workflow.toml").mkdir()  # so that the file cannot be written
        return f"{name}-5y9aK2"

    with pytest.raises(ConfigError) as caught:
        scaffold_project(root, "scene-qa", create, Progress())
    assert "the workflow scene-qa-5y9aK2 was created at Tilebox and stays there" in str(caught.value)
    assert not root.exists()


@pytest.mark.parametrize("pythons", [(), ("3.11",), ("3.12", "3.14"), ("3.14",)])
def test_a_python_of_the_runner_image_is_pinned(tmp_path, fake_uv, pythons):
    fake_uv("pathlib.Path('uv.lock').touch()", pythons)
    root = tmp_path / "project"
    files = scaffold_project(root, "scene-qa", None, Progress()).files
    config = load_config(root / "tilebox.workflow.toml")
    pinned = (root / ".python-version").read_text() if ".python-version" in files else ""
    assert pinned == {(): "", ("3.11",): "", ("3.12", "3.14"): "3.12\n", ("3.14",): "3.14\n"}[pythons]
    assert (".python-version" in [pattern.text for pattern in config.include]) is bool(pinned)
    assert (root / ".python-version").exists() is bool(pinned)


def test_files_that_are_there_stay(invoke, tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    for name in ("README.md", ".gitignore", ".python-version", "tests/test_mine.py"):
        (root / name).write_text("mine")
    result = invoke("init", root, "--offline", "--json")
    assert result.exit_code == 0, result.stderr
    assert sorted(json.loads(result.stdout)["files"]) == sorted([*SCAFFOLD, "tilebox.workflow.schema.json"])
    assert {(root / name).read_text() for name in ("README.md", ".gitignore", ".python-version")} == {"mine"}
    assert [path.name for path in (root / "tests").iterdir()] == ["test_mine.py"]
    assert '".python-version"' in (root / "tilebox.workflow.toml").read_text()


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project").mkdir()
    for name in ("tests", "README.md"):
        (tmp_path / "project" / name).symlink_to(tmp_path / "elsewhere" / name)
    scaffold_project(tmp_path / "project", "scene-qa", None, Progress())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_repository_is_made_where_there_is_none(invoke, tmp_path, fake_uv, monkeypatch):
    fake_uv("pathlib.Path('uv.lock').touch()")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))  # as in a hook of git

    def repository(name, *options):
        result = invoke("init", tmp_path / name, "--offline", "--json", *options)
        assert result.exit_code == 0, result.stderr
        assert (tmp_path / name / ".git").is_dir() is json.loads(result.stdout)["repository"]
        return json.loads(result.stdout)["repository"]

    assert repository("one")
    assert not repository("one/inside")
    assert not repository("two", "--no-git")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert not repository("three")
    assert not (tmp_path / "other").exists()


def test_a_failure_at_tilebox_takes_away_the_repository_and_the_tests(tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    root = tmp_path / "project"
    root.mkdir()

    def create(name):
        assert {path.name for path in root.iterdir()} >= {".git", "tests", "README.md", ".python-version"}
        raise PublishError(Problem("no"))

    with pytest.raises(PublishError):
        scaffold_project(root, "scene-qa", create, Progress())
    assert list(root.iterdir()) == []


def test_what_is_installed_is_said_in_a_pipe_too(invoke, tmp_path, fake_uv):
    fake_uv(
        "pathlib.Path('uv.lock').touch()\n"
        "lines = {'lock': 'Resolved 83 packages in 1s', 'sync': ' + numpy==2.4\\n + pytest==9.2.0\\n + tilebox==0.66.0'}\n"
        "sys.stderr.write(lines[sys.argv[1]] + '\\n')"
    )
    result = invoke("init", tmp_path / "project", "--offline")
    assert re.sub(r"  \d+\.\d s$", "", result.stderr, flags=re.MULTILINE).splitlines()[:2] == [
        "Locking                83 packages",
        "Installing             pytest 9.2.0, tilebox 0.66.0 and 1 other, in .venv",
    ]


def test_any_name_fits_into_the_readme(tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    scaffold_project(tmp_path / "new", "Scene $slug\n\x1b[1m \udcff QA", None, Progress())
    assert (tmp_path / "new" / "README.md").read_text().startswith("# Scene $slug \\x1b[1m ")


def test_a_member_of_a_workspace_would_change_another_lock(invoke, tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["flows/*"]\nexclude = ["flows/other"]\n')
    result = invoke("init", tmp_path / "flows" / "mine")
    assert result.exit_code == 1
    assert "uv workspace" in result.stderr
    assert not (tmp_path / "flows").exists()
    assert invoke("init", tmp_path / "flows" / "other").exit_code == 0
