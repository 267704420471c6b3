"""Which releases an edit changes, in a copy of `test_projects/monorepo` with real git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from git_commits import git
from monorepo_lock import MONOREPO, lock

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.changed import find_changes

pytestmark = pytest.mark.needs_tool("git")

PLAIN = """\
[project]
name = "plain"
version = "1"

[tool.uv]
package = false
"""
SELF = '[workflow]\nslug = "{name}"\nrunner = "runner:runner"\n\n[build]\ninclude = ["pyproject.toml", "*.py"]\n'


class Repository:
    def __init__(self, root):
        self.root = root

    def git(self, *arguments):
        return git(self.root, *arguments)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "edit")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def append(self, path, text):
        self.write(path, (self.root / path).read_text() + text)

    def replace(self, path, old, new):
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def changed(self, ref=None, start="."):
        return [path.name for path in find_changes(self.root / start, ref).changed]

    def reasons(self, name, ref=None):
        return next(project.reasons for project in find_changes(self.root, ref).projects if project.path.name == name)


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """A repository with the projects on the branch `main`, and one commit on the branch `topic` that changes nothing."""
    repository = Repository(Path(shutil.copytree(MONOREPO, tmp_path_factory.mktemp("changed") / "monorepo")).resolve())
    repository.write("uv.lock", lock())
    repository.write(".gitignore", "dist/\n.venv/\n*.log\n")
    repository.write("README.md", "A repository\n")
    repository.git("init", "-q", "-b", "main")
    repository.commit()
    repository.git("switch", "-q", "-c", "topic")
    repository.append("README.md", "of workflows.\n")
    repository.commit()
    return repository.root


@pytest.fixture
def repository(committed, tmp_path):
    return Repository(Path(shutil.copytree(committed, tmp_path / "monorepo", symlinks=True)).resolve())


EDITS = {
    "nothing": (lambda _: None, []),
    "a file of one workflow": (lambda r: r.append("workflows/report/runner.py", "\n"), ["report"]),
    "a new file that is selected": (lambda r: r.write("workflows/report/more.py", ""), ["report"]),
    "a file that is not selected": (lambda r: r.write("workflows/report/notes.md", "x"), []),
    "an ignored file": (lambda r: r.write("workflows/report/runner.log", "x"), []),
    "a removed file": (lambda r: r.git("mv", "workflows/report/runner.py", "runner.py"), ["report"]),
    "a mode": (lambda r: (r.root / "workflows/report/runner.py").chmod(0o755), ["report"]),
    "a file that is only touched": (lambda r: os.utime(r.root / "workflows/report/runner.py", (1, 1)), []),
    "a file beside the workflows": (lambda r: r.append("README.md", "x"), []),
    "a shared package, used directly and by another": (
        lambda r: r.append("packages/grids/src/grids/__init__.py", "\n"),
        ["cleanup", "coverage"],
    ),
    "a shared package that one workflow uses": (lambda r: r.append("packages/scenes/scenes/__init__.py", "\n"), ["coverage"]),
    "products of a build of a package": (lambda r: r.write("packages/grids/build/lib/x.py", ""), []),
    "a version that all workflows use": (
        lambda r: r.write("uv.lock", lock(**{"tilebox-workflows": "0.67.0"})),
        ["cleanup", "coverage", "report"],
    ),
    "a version that one workflow uses": (lambda r: r.write("uv.lock", lock(numpy="2.5.0")), ["coverage"]),
    "a member of the workspace that no workflow uses": (
        lambda r: r.write("uv.lock", lock().replace('"report"]', '"report", "spare"]')),
        [],
    ),
    "a comment in pyproject.toml": (lambda r: r.append("workflows/report/pyproject.toml", "# new\n"), ["report"]),
    "a setting of the workspace that releases inherit": (
        lambda r: r.replace("pyproject.toml", "protobuf>=4", "protobuf>=5"),
        ["cleanup", "coverage", "report"],
    ),
    "a comment in the root of the workspace": (lambda r: r.append("pyproject.toml", "# new\n"), []),
    "the slug": (lambda r: r.replace("workflows/report/tilebox.workflow.toml", '"report"', '"reports"'), ["report"]),
    "a target": (
        lambda r: r.append("workflows/report/tilebox.workflow.toml", '\n[targets.prod]\nclusters = ["a"]\n'),
        [],
    ),
    "an include pattern that selects nothing new": (
        lambda r: r.replace("workflows/report/tilebox.workflow.toml", '"*.py"]', '"*.py", "runner.*"]'),
        [],
    ),
    "an exclude pattern": (
        lambda r: r.append("workflows/report/tilebox.workflow.toml", 'exclude = ["runner.py"]\n'),
        ["report"],
    ),
    "a configuration that cannot be read": (lambda r: r.append("workflows/report/tilebox.workflow.toml", "["), ["report"]),
    "a new project": (
        lambda r: (
            r.write("workflows/a/pyproject.toml", PLAIN),
            r.write("workflows/a/tilebox.workflow.toml", SELF.format(name="a")),
            r.write("workflows/a/runner.py", ""),
        ),
        ["a"],
    ),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("committed_too", [False, True])
def test_what_an_edit_changes(name, committed_too, repository):
    edit, expected = EDITS[name]
    edit(repository)
    if committed_too:
        repository.commit()
    assert repository.changed() == expected
    assert repository.changed("main") == expected
    assert repository.changed("main", start="packages/..") == expected


def test_reasons_are_given(repository):
    repository.append("packages/grids/src/grids/__init__.py", "\n")
    repository.write("uv.lock", lock(numpy="2.5.0"))
    repository.append("workflows/coverage/runner.py", "\n")
    repository.write("workflows/coverage/more.py", "")
    assert repository.reasons("coverage") == ("changed: runner.py", "new: more.py", "packages: grids", "uv.lock: numpy")
    assert repository.reasons("report") == ()


def test_without_a_lock_every_project_that_vendors_counts(repository):
    repository.git("rm", "-q", "uv.lock")
    repository.commit()
    repository.append("packages/grids/src/grids/__init__.py", "\n")
    assert repository.changed("HEAD") == ["cleanup", "coverage", "report"]
    (reason,) = repository.reasons("report")
    assert "there is no uv.lock" in reason


def test_an_edit_that_is_taken_back(repository):
    before = (repository.root / "workflows/report/runner.py").read_text()
    repository.append("workflows/report/runner.py", "\n")
    repository.commit()
    repository.write("workflows/report/runner.py", before)
    assert repository.changed() == []
    assert repository.changed("HEAD") == ["report"]


def test_a_file_that_git_no_longer_tracks_is_still_compared(repository):
    repository.git("rm", "-q", "--cached", "workflows/report/runner.py")
    assert repository.changed() == []
    repository.append("workflows/report/runner.py", "\n")
    assert repository.changed() == ["report"]


def test_a_removed_project_is_listed(repository):
    shutil.rmtree(repository.root / "workflows/report")
    changes = find_changes(repository.root)
    assert changes.changed == ()
    assert changes.removed == (repository.root / "workflows/report",)


def test_a_project_in_another_folder_is_the_one_with_its_slug(repository):
    repository.git("mv", "workflows/report", "workflows/summary")
    repository.write("uv.lock", lock().replace("workflows/report", "workflows/summary"))
    changes = find_changes(repository.root)
    assert (changes.changed, changes.removed) == ((), ())
    repository.append("workflows/summary/runner.py", "\n")
    assert repository.changed() == ["summary"]


def test_only_projects_below_the_folder_count(repository):
    repository.append("workflows/report/runner.py", "\n")
    repository.append("packages/scenes/scenes/__init__.py", "\n")
    assert repository.changed(start="workflows/coverage") == ["coverage"]
    shutil.rmtree(repository.root / "workflows/report")
    assert find_changes(repository.root / "workflows/coverage").removed == ()


def test_links_count_as_the_files_that_they_lead_to(repository):
    report = repository.root / "workflows/report"
    repository.write("workflows/report/deep/shared.txt", "x")
    (report / "linked.py").symlink_to("deep/shared.txt")
    repository.commit()
    assert repository.changed("HEAD") == []
    repository.write("workflows/report/deep/shared.txt", "y")
    assert repository.changed("HEAD") == ["report"]
    repository.write("workflows/report/deep/shared.txt", "x")
    repository.write("workflows/report/deep/other.txt", "x")
    (report / "linked.py").unlink()
    (report / "linked.py").symlink_to("deep/other.txt")
    assert repository.changed("HEAD") == []


@pytest.mark.parametrize("name", ["sp ace.py", "é.py", '"quoted".py', "-option.py", "[x].py"])
def test_names_of_files(repository, name):
    repository.write(f"workflows/report/{name}", "x")
    repository.commit()
    assert repository.changed("HEAD") == []
    repository.write(f"workflows/report/{name}", "y")
    assert repository.changed("HEAD") == ["report"]


def test_line_ends_that_git_converts(repository):
    repository.write(".gitattributes", "*.py text eol=crlf\n")
    repository.commit()
    path = repository.root / "workflows/report/runner.py"
    path.unlink()
    repository.git("checkout", "--", str(path))
    assert b"\r\n" in path.read_bytes()
    assert repository.changed("HEAD") == []


def test_the_version_that_a_build_reads_from_a_file(repository):
    repository.replace("workflows/report/pyproject.toml", 'version = "0.1.0"', 'dynamic = ["version"]')
    repository.append("workflows/report/pyproject.toml", '\n[tool.hatch.version]\npath = "version.txt"\n')
    repository.write("workflows/report/version.txt", "__version__ = '1'")
    repository.commit()
    assert repository.reasons("report", "HEAD") == ()
    repository.write("workflows/report/version.txt", "__version__ = '2'")
    assert repository.changed("HEAD") == ["report"]


def test_submodules(repository, tmp_path):
    library = Repository(tmp_path / "library")
    library.write("code.py", "x = 1\n")
    library.git("init", "-q", "-b", "main")
    library.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "workflows/report/lib")
    repository.replace("workflows/report/tilebox.workflow.toml", '"*.py"]', '"**/*.py"]')
    repository.commit()
    assert repository.changed("HEAD") == []
    repository.write("workflows/report/lib/code.py", "x = 2\n")
    assert repository.changed("HEAD") == ["report"]


def test_a_hook_of_git_may_ask(repository, monkeypatch):
    """git sets these variables for its hooks, relative to the root of the repository."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other")
    repository.append("workflows/report/runner.py", "\n")
    assert [path.name for path in find_changes(repository.root / "workflows").changed] == ["report"]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("nothing", r"git has no commit 'nothing' here\n +hint: name a commit, a branch or a tag of this repository"),
        ("--output=x", r"git has no commit '--output=x' here"),
        (".", r"git has no commit '\.' here"),
    ],
)
def test_no_such_commit(repository, ref, message):
    with pytest.raises(ConfigError, match=message):
        find_changes(repository.root, ref)
    assert not (repository.root / "x").exists()


def test_no_repository(tmp_path):
    project = tmp_path / "a"
    project.mkdir()
    (project / "pyproject.toml").write_text(PLAIN)
    (project / "tilebox.workflow.toml").write_text(SELF.format(name="a"))
    with pytest.raises(ConfigError, match="is not in a Git repository"):
        find_changes(project)


def clone(repository, tmp_path, *options):
    """Clone the repository, whose default branch is `main`."""
    repository.git("switch", "-q", "main")
    place = tmp_path / "clone"
    repository.git("clone", "-q", *options, f"file://{repository.root}", str(place))
    return Repository(place.resolve())


def test_a_clone_compares_with_the_branch_of_its_remote(repository, tmp_path):
    cloned = clone(repository, tmp_path)
    cloned.append("workflows/report/runner.py", "\n")
    cloned.commit()
    assert cloned.changed() == ["report"]


def test_a_shallow_clone_says_what_to_fetch(repository, tmp_path):
    repository.append("workflows/report/runner.py", "\n")
    repository.commit()
    cloned = clone(repository, tmp_path, "--depth=1", "--branch=topic", "--no-single-branch")
    command = "git fetch --unshallow origin main"
    with pytest.raises(ConfigError, match=f"because this clone is shallow\n +hint: run: {command}; or name the commit"):
        find_changes(cloned.root)
    cloned.git(*command.split()[1:])
    assert cloned.changed() == ["report"]


def test_a_clone_of_one_branch_says_what_to_fetch(repository, tmp_path):
    cloned = clone(repository, tmp_path, "--depth=1", "--branch=topic")
    cloned.git("remote", "set-head", "origin", "--delete")
    command = r"git fetch --unshallow origin +refs/heads/main:refs/remotes/origin/main"
    with pytest.raises(ConfigError) as refused:
        find_changes(cloned.root)
    assert "no default branch" in str(refused.value)
    assert command in str(refused.value)
    cloned.git(*command.split()[1:])
    assert cloned.changed() == []


@pytest.mark.parametrize(
    ("ref", "command"),
    [
        ("HEAD~2", "git fetch --deepen=2 origin"),
        ("origin/main", "git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main"),
    ],
)
def test_a_commit_that_a_shallow_clone_does_not_have(repository, tmp_path, ref, command):
    repository.append("workflows/report/runner.py", "\n")
    repository.commit()
    cloned = clone(repository, tmp_path, "--depth=1", "--branch=topic")
    with pytest.raises(ConfigError) as refused:
        find_changes(cloned.root, ref)
    assert command in str(refused.value)
    cloned.git(*command.split()[1:])
    assert cloned.changed(ref) == ["report"]
