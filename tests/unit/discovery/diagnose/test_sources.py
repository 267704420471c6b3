"""Dependencies that a release would have to hold, and the lock that it lacks."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import FileSet, SelectedFile
from hatch_tilebox.discovery.diagnose.sources import lock_missing, sources_left_out

PROJECT = '[project]\nname = "flow"\nversion = "1"\ndependencies = ["Common", "numpy"]\n'


def files(root, *selected):
    return FileSet(root, tuple(SelectedFile(path, str(root / path), 0) for path in selected))


def write(root, source, *, rest="", project=PROJECT):
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(f"{project}\n[tool.uv.sources]\ncommon = {source}\n{rest}")


def member(folder, name="common"):
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')


@pytest.mark.parametrize(
    ("source", "selected", "message", "hint"),
    [
        ('{ path = "libs/common" }', [], "common comes from libs/common, which is not", 'add "libs/common/**"'),
        ('{ path = "./libs/common/" }', [], "common comes from libs/common, which is not", 'add "libs/common/**"'),
        ('[{ path = "libs/common", marker = "x" }]', ["libs/common/a.py"], "common comes from libs/common", '"libs/common/**"'),
        ('{ path = "a/common.whl" }', ["pyproject.toml"], "common comes from a/common.whl, which is not", 'add "a/common.whl"'),
        ('{ path = "../common" }', [], "common comes from ../common, which is outside the root", "from Git"),
        ("{ workspace = true }", [], "common comes from the uv workspace around the project", "wheel"),
    ],
)
def test_what_the_release_lacks_is_told(source, selected, message, hint, tmp_path):
    (tmp_path / "flow" / "libs" / "common").mkdir(parents=True)
    write(tmp_path / "flow", source)
    (problem,) = sources_left_out(files(tmp_path / "flow", *selected)).values()
    assert problem.message.startswith(message)
    assert hint in problem.hint
    assert str(problem.location) == "pyproject.toml"


@pytest.mark.parametrize(
    ("source", "selected"),
    [
        ('{ path = "libs/common" }', ["libs/common/pyproject.toml"]),
        ('{ path = "libs/common" }', ["libs/common/setup.py"]),
        ('{ path = "a/common.whl" }', ["a/common.whl"]),
        ('{ git = "https://example.org/common" }', []),
        ('{ index = "ours" }', []),
        ("3", []),
        ("{ path = 3 }", []),
    ],
)
def test_what_the_release_has_or_uv_fetches_is_no_problem(source, selected, tmp_path):
    write(tmp_path, source)
    assert not sources_left_out(files(tmp_path, *selected))


def test_only_what_runners_install_counts(tmp_path):
    source = '{ path = "../common" }'
    write(tmp_path, source, project='[project]\nname = "x"\n[project.optional-dependencies]\nplots = ["common"]\n')
    assert not sources_left_out(files(tmp_path))
    write(tmp_path, source, project='[project]\nname = "x"\n[dependency-groups]\ndev = ["common"]\ndocs = ["numpy"]\n')
    assert list(sources_left_out(files(tmp_path))) == ["common"]


def test_members_of_the_workflows_own_workspace(tmp_path):
    member(tmp_path / "libs" / "one")
    member(tmp_path / "old" / "common")
    write(tmp_path, "{ workspace = true }", rest='[tool.uv.workspace]\nmembers = ["old/*", "libs/*"]\nexclude = ["old/*"]\n')
    (problem,) = sources_left_out(files(tmp_path, "pyproject.toml")).values()
    assert 'add "libs/one/**"' in problem.hint
    assert not sources_left_out(files(tmp_path, "libs/one/pyproject.toml"))


@pytest.mark.parametrize("text", ["[tool", "tool = 3", "[tool.uv]\nsources = []", "[tool.uv.sources]\ncommon = [3]", None])
def test_what_others_refuse_is_passed_over(text, tmp_path):
    if text:
        (tmp_path / "pyproject.toml").write_text(text)
    assert not sources_left_out(files(tmp_path))


@pytest.mark.parametrize(
    ("workspace", "excluded"),
    [
        ('members = ["flows/*"]', True),
        ('members = ["flows/*"]\nexclude = ["flows/g*"]', False),
        ('members = ["libs/*"]', False),
        ('members = ["/flows/*"]', False),
        ("members = 3", False),
    ],
)
def test_a_member_of_a_workspace_is_told_to_leave_it_before_it_is_locked(workspace, excluded, tmp_path):
    member(tmp_path / "flows" / "gauges")
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv.workspace]\n{workspace}\n")
    hint = lock_missing(files(tmp_path / "flows" / "gauges")).hint
    assert ('exclude = ["flows/gauges"] under [tool.uv.workspace]' in hint) == excluded
    assert "create one with `uv lock`" in hint
