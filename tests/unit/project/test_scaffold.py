"""`hatch-tilebox init` makes a project or changes nothing. That what it makes is built is tested in `tests/integration`."""

from __future__ import annotations

import sys

import pytest

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.project.scaffold import derive_slug, scaffold_project

SCAFFOLD = ["tilebox.workflow.toml", "pyproject.toml", "runner.py", "uv.lock"]


@pytest.fixture
def fake_uv(tmp_path, monkeypatch):
    """A function that puts a program of ours in the place of uv: what it prints to stderr, and how it ends."""

    def install(body):
        path = tmp_path / "bin" / "uv"
        path.parent.mkdir()
        path.write_text(f"#!{sys.executable}\nimport os, pathlib, signal, sys, time\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setenv("UV", str(path))

    return install


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("TILEBOX_API_KEY", raising=False)


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


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


def test_a_member_of_a_workspace_would_change_another_lock(invoke, tmp_path, fake_uv):
    fake_uv("pathlib.Path('uv.lock').touch()")
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["flows/*"]\nexclude = ["flows/other"]\n')
    result = invoke("init", tmp_path / "flows" / "mine")
    assert result.exit_code == 1
    assert "uv workspace" in result.stderr
    assert not (tmp_path / "flows").exists()
    assert invoke("init", tmp_path / "flows" / "other").exit_code == 0
