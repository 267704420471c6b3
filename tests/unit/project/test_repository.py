"""The projects of a repository."""

from __future__ import annotations

import subprocess

import pytest

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.repository import find_projects


@pytest.fixture
def repository(tmp_path):
    root = (tmp_path / "repository").resolve()
    root.mkdir()
    return root


def write(root, *paths, text=""):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def project(root, *folders):
    write(root, *(f"{folder}/{name}" for folder in folders for name in ("pyproject.toml", "tilebox.workflow.toml")))


def found(root, start=None):
    return [path.relative_to(root).as_posix() for path in find_projects(start or root)]


def test_projects_are_sorted_by_path(repository):
    project(repository, "flows/b", "flows/a", "flows/a/nested", "z")
    write(repository, "pyproject.toml", "libs/common/pyproject.toml")
    assert found(repository) == ["flows/a", "flows/a/nested", "flows/b", "z"]
    assert found(repository, repository / "flows/a") == ["flows/a", "flows/a/nested"]


def test_the_folder_itself_may_be_a_project(repository):
    project(repository, ".", "flows/a")
    assert found(repository) == [".", "flows/a"]


def test_what_is_left_out(repository):
    project(repository, "kept", "kept/dist/copy", "kept/build/copy", ".git/a", ".venv/a", ".tilebox/a", ".cache/a")
    project(repository, "node_modules/a", "environment/a", "cache/a", "ignored/a", "deep/ignored/a")
    write(repository, "environment/pyvenv.cfg")
    write(repository, "cache/CACHEDIR.TAG", text="Signature: 8a477f597d28d172789f06886806bc55")
    write(repository, ".gitignore", text="/ignored/\n")
    write(repository, "deep/.gitignore", text="ignored/\n")
    assert found(repository) == ["kept"]


def test_folders_named_build_that_no_build_writes_to(repository):
    project(repository, "build/a", "dist/b")
    assert found(repository) == ["build/a", "dist/b"]


def test_ignore_files_above_the_folder_count(repository):
    subprocess.run(["git", "init", "-q", repository], check=True)
    project(repository, "flows/a", "flows/old/b", "other")
    write(repository, ".gitignore", text="flows/old/\n")
    (repository / ".git/info/exclude").write_text("other\n")
    assert found(repository, repository / "flows") == ["flows/a"]
    assert found(repository) == ["flows/a"]


def test_a_folder_that_is_named_may_be_ignored_or_hidden(repository):
    subprocess.run(["git", "init", "-q", repository], check=True)
    project(repository, "ignored/[x]/a", ".hidden/a")
    write(repository, ".gitignore", text="ignored/\n")
    assert found(repository, repository / "ignored/[x]") == ["ignored/[x]/a"]
    assert found(repository, repository / ".hidden") == [".hidden/a"]


def test_links_are_not_followed(repository, tmp_path):
    project(tmp_path, "outside/a")
    project(repository, "a")
    (repository / "inside").symlink_to("a")
    (repository / "around").symlink_to(repository)
    (repository / "out").symlink_to(tmp_path / "outside")
    assert found(repository) == ["a"]


@pytest.mark.parametrize("name", ["flow.toml", "deploy/flow.toml", "deploy/tilebox.workflow.toml"])
def test_a_configuration_with_another_name(repository, name):
    write(repository, "a/pyproject.toml", text=f'[tool.hatch.build.hooks.tilebox]\nconfig = "{name}"\n')
    write(repository, f"a/{name}")
    write(repository, "b/pyproject.toml", text='[tool.hatch.build.hooks.tilebox]\nconfig = "missing.toml"\n')
    write(repository, "c/pyproject.toml", text="[project\ntilebox config")
    assert found(repository) == ["a"]


def test_no_project(repository):
    write(repository, "libs/common/pyproject.toml")
    with pytest.raises(ConfigError, match=r"no tilebox\.workflow\.toml in .*repository or in a folder below it\n +hint: "):
        find_projects(repository)


def test_a_folder_that_cannot_be_read(repository):
    project(repository, "a", "closed/b")
    (repository / "closed").chmod(0)
    try:
        if not list_fails(repository / "closed"):
            pytest.skip("this user may read everything")
        with pytest.raises(ConfigError, match=r"closed/ cannot be read(.|\n)*add it to \.gitignore"):
            find_projects(repository)
    finally:
        (repository / "closed").chmod(0o755)


def list_fails(folder):
    try:
        list(folder.iterdir())
    except PermissionError:
        return True
    return False
