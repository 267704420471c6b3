"""Why a path is selected or not."""

from __future__ import annotations

import os
from functools import partial

import pytest

from hatch_tilebox.core.errors import Location, SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.select import select_files

CONFIG = "tilebox.workflow.toml"
INCLUDE = [Pattern("pkg/**", partial(Location, CONFIG, 5, 3)), Pattern("**/*.py", partial(Location, CONFIG, 6, 3))]
EXCLUDE = [Pattern("pkg/raw/**", partial(Location, CONFIG, 9, 3)), Pattern("**/*.tmp", partial(Location, CONFIG, 10, 3))]


@pytest.fixture
def project(tree):
    tree.write(
        "pkg/a.txt", "pkg/a.log", "pkg/keep.log", "pkg/x.tmp", "pkg/raw/deep/b.bin", "gone/c.py", "docs/d.md", "e.py",
        "env/pyvenv.cfg", "env/lib/f.py", ".git/hooks/g.py", "dist/h.py", "pkg/__pycache__/i.pyc", "sub/j.py",
    )  # fmt: skip
    tree.file(".gitignore", "# logs\n*.log\n!keep.log\n/gone/\n")
    tree.link("out", "..")
    return tree


INCLUDED = 'matches the include pattern "pkg/**", but is '
BUILT_IN = "kept out by the built-in rule: "


@pytest.mark.parametrize(
    ("path", "selected", "reason"),
    [
        ("pkg/a.txt", True, f'selected by the include pattern "pkg/**" ({CONFIG}:5:3)'),
        ("e.py", True, f'selected by the include pattern "**/*.py" ({CONFIG}:6:3)'),
        ("pkg/keep.log", True, f'selected by the include pattern "pkg/**" ({CONFIG}:5:3)'),
        ("docs/d.md", False, "no include pattern matches it"),
        ("pkg/a.log", False, INCLUDED + "kept out by `*.log` in .gitignore (.gitignore:2)"),
        ("pkg/x.tmp", False, INCLUDED + f'kept out by the exclude pattern "**/*.tmp" ({CONFIG}:10:3)'),
        ("pkg/raw/deep/b.bin", False, f'its folder pkg/raw is kept out by the exclude pattern "pkg/raw/**" ({CONFIG}:9:3)'),
        ("gone/c.py", False, "its folder gone is kept out by `/gone/` in .gitignore (.gitignore:4)"),
        ("env/lib/f.py", False, "its folder env is " + BUILT_IN + "env is a virtual environment (it holds pyvenv.cfg)"),
        (".git/hooks/g.py", False, "its folder .git is " + BUILT_IN + ".git is never part of a release"),
        ("pkg/__pycache__/i.pyc", False, "its folder pkg/__pycache__ is " + BUILT_IN + "__pycache__ is never part of a release"),
        ("dist/h.py", False, "its folder dist is " + BUILT_IN + "dist is where builds write to"),
        ("out/k.py", False, "is under the link out: it leads outside the root of the workflow, to .."),
        ("sub", False, "is a folder that include patterns reach into; ask for a file in it"),
        ("gone", False, "kept out by `/gone/` in .gitignore (.gitignore:4)"),
        ("env", False, BUILT_IN + "env is a virtual environment (it holds pyvenv.cfg)"),
        (".", False, "is the root of the workflow; a release contains files"),
    ],
)  # fmt: skip
def test_the_rule_that_decided_is_named(project, path, selected, reason):
    if path == "out/k.py":
        project.root.parent.joinpath("k.py").touch()
    explanation = explain(project.root, INCLUDE, EXCLUDE, path, skip=[project.root / "dist"])
    assert str(explanation) == f"{path}: {reason}"
    assert explanation.selected is selected


def test_folders_out_of_reach_and_odd_entries(project):
    def why(path):
        return explain(project.root, [Pattern("pkg/*"), Pattern("out")], [], path).reason

    assert why("docs/d.md") == "no include pattern reaches into the folder docs"
    assert why("docs") == "no include pattern reaches into the folder docs"
    assert why("out").startswith("is a link that stops the build: it leads outside")
    os.mkfifo(project.root / "pkg/pipe")
    assert why("pkg/pipe") == "is not a regular file (a socket, pipe or device)"


@pytest.mark.parametrize("form", ["pkg/a.txt", "./pkg/../pkg/a.txt", "pkg//a.txt", "absolute"])
def test_path_may_be_written_in_any_way(project, form):
    path = project.root / "pkg/a.txt" if form == "absolute" else form
    explanation = explain(project.root, INCLUDE, EXCLUDE, path)
    assert (explanation.path, explanation.selected, explanation.included_by) == ("pkg/a.txt", True, (INCLUDE[0],))


def test_ignore_files_may_be_off(project):
    assert explain(project.root, INCLUDE, EXCLUDE, "pkg/a.log", use_gitignore=False).selected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../x", r"\.\./x is outside the root"),
        ("pkg/nowhere", "there is no pkg/nowhere in"),
        ("nowhere/x", "there is no nowhere/x in"),
    ],
)
def test_path_must_exist_in_the_root(project, path, message):
    with pytest.raises(SelectionError, match=message):
        explain(project.root, INCLUDE, EXCLUDE, path)


def test_explanations_agree_with_the_selection(project):
    (project.root / "out").unlink()
    selected = {file.path for file in select_files(project.root, INCLUDE, EXCLUDE).files}
    files = [path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file()]
    assert {path for path in files if explain(project.root, INCLUDE, EXCLUDE, path).selected} == selected
    assert len(selected) == 5
