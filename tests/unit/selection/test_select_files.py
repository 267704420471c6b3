"""The selected files, and messages about patterns, links and special files."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.core.model import Pattern, SelectedFile
from hatch_tilebox.selection.select import select_files

CONFIG = "tilebox.workflow.toml"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that keeps names as they are")


def test_files_are_sorted_by_bytes_with_size_and_mode(tree):
    tree.file("b/z.py", "12345")
    tree.file("a.sh", "#!/bin/sh\n").chmod(0o755)
    tree.write("b-c", "é", "Z2", "z")
    selected = tree.select("**")
    assert [file.path for file in selected.files] == ["Z2", "a.sh", "b-c", "b/z.py", "z", "é"]
    assert selected.files[1] == SelectedFile("a.sh", str(tree.root / "a.sh"), 10, executable=True)
    assert selected.files[3] == SelectedFile("b/z.py", str(tree.root / "b/z.py"), 5)
    assert (selected.root, selected.size, selected.warnings) == (tree.root, 15, ())


def test_mode_is_the_owners(tree):
    tree.file("group.sh").chmod(0o654)
    tree.file("owner.sh").chmod(0o744)
    assert [file.executable for file in tree.select("*.sh").files] == [False, True]


def test_exclude_and_ignore_files_keep_out(tree):
    tree.write("pkg/a.py", "pkg/a.log", "pkg/data/x.bin", "pkg/tmp/y.py", "other.py")
    tree.file(".gitignore", "*.log\n")
    tree.file("pkg/.gitignore", "/tmp/\n")
    assert tree.paths("pkg/**", exclude=["pkg/data/**", "**/.gitignore"]) == ["pkg/a.py"]
    everything = ["pkg/a.log", "pkg/a.py", "pkg/data/x.bin", "pkg/tmp/y.py"]
    assert tree.paths("pkg/**", exclude=["**/.gitignore"], use_gitignore=False) == everything


never = """
    .git/config pkg/.git .hg/x .svn/x pkg/__pycache__/a.py a.pyc a.pyo .mypy_cache/x .pytest_cache/x pkg/.ruff_cache/x
    .tox/py/x .nox/x .hatch/x .hypothesis/x .ipynb_checkpoints/x .DS_Store dist/old.tbrelease
"""


@pytest.mark.parametrize("path", never.split())
def test_some_things_are_never_shipped(tree, path):
    tree.write(path, "keep.py")
    assert tree.paths("**", use_gitignore=False) == ["keep.py"]


def test_virtual_environments_are_never_shipped_whatever_their_name(tree):
    tree.write("env/pyvenv.cfg", "env/lib/a.py", "pkg/venvs/x/pyvenv.cfg", "pkg/venvs/x/b.py", "pkg/c.py")
    assert tree.paths("**/*.py") == ["pkg/c.py"]


def test_uvs_own_ignore_file_keeps_an_environment_out(tree):
    tree.write(".venv/lib/a.py", "a.py")
    tree.file(".venv/.gitignore", "*")
    assert tree.paths("**/*.py") == ["a.py"]


def test_root_may_itself_be_a_virtual_environment(tree):
    tree.write("pyvenv.cfg", "a.py")
    assert tree.paths("*.py") == ["a.py"]


@pytest.mark.parametrize("resolve", [False, True])
def test_output_folders_and_files_are_skipped(tree, resolve):
    (tree.root / "real").mkdir()
    (tree.root / "alias").symlink_to("real")
    root = tree.root / "alias"
    for name in ("a.py", "dist/b.py", "slug.tar.zst"):
        tree.file(f"real/{name}")
    base = root.resolve() if resolve else root
    selected = select_files(root, [Pattern("**")], skip=[base / "dist", base / "slug.tar.zst", base, Path("/elsewhere")])
    assert [file.path for file in selected.files] == ["a.py"]


def test_folders_out_of_reach_are_not_opened(tree, monkeypatch):
    tree.write("pkg/sub/a.py", "data/deep/x.bin", ".venv/lib/b.py", "logs/c.py", "gone/d.py", ".git/e.py")
    tree.file(".gitignore", "logs/\n")
    opened = []
    scandir = os.scandir

    def spy(path):
        opened.append(os.path.relpath(path, tree.root))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    assert tree.paths("pkg/**", "logs/**", "gone/**", exclude=["gone/**"]) == ["pkg/sub/a.py"]
    assert sorted(opened) == [".", "pkg", "pkg/sub"]


def test_very_deep_folders(tree):
    path = "/".join(["d"] * 1200)
    folder = os.open(tree.root, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("a.py", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    assert tree.paths("**/*.py") == [path[: 2 * 300] + "a.py"]


# patterns without effect


def names_folder(pattern, better):
    return f'"{pattern}" matches a folder (my_workflow), but patterns match files\n  hint: write "{better}"'


def matches_nothing(pattern, hint=None):
    return f'"{pattern}" matches nothing' + (f"\n  hint: {hint}" if hint else "")


def kept_out(pattern, path, rule):
    return f'"{pattern}" selects nothing: {path} is kept out by {rule}'


STARS = 'only a "**" between slashes matches folders: '
BACKSLASH = 'a backslash escapes the next character; separate folders with "/": '
SINGLE = "\n  hint: name single files without wildcards, or copy them to another folder"
UNSEEN = 'data is not searched: it is kept out by the exclude pattern "data/**"'


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("my_worklfow/**", matches_nothing("my_worklfow/**", 'did you mean "my_workflow/**"?')),
        ("my_workflow/taks.py", matches_nothing("my_workflow/taks.py", 'did you mean "my_workflow/tasks.py"?')),
        ("My_Workflow/*.py", matches_nothing("My_Workflow/*.py", 'did you mean "my_workflow/*.py"?')),
        ("my_worklow", matches_nothing("my_worklow", 'did you mean "my_workflow/**"?')),
        ("my_workflow\\tasks.py", matches_nothing("my_workflow\\tasks.py", BACKSLASH + '"my_workflow/tasks.py"')),
        ("my_workflow/**.json", matches_nothing("my_workflow/**.json", STARS + '"my_workflow/**/*.json"')),
        (".", matches_nothing(".", 'write "**" for all files under the root')),
        ("zzz/*", matches_nothing("zzz/*")),
        ("**/*.zzz", matches_nothing("**/*.zzz", UNSEEN)),
        ("my_workflow", names_folder("my_workflow", "my_workflow/**")),
        ("my_workflow/", names_folder("my_workflow/", "my_workflow/**")),
        ("my_work*", names_folder("my_work*", "my_work*/**")),
        ("gone/**", kept_out("gone/**", "gone", "`gone/` in .gitignore (.gitignore:2)")),
        ("out.log", kept_out("out.log", "out.log", "`*.log` in .gitignore (.gitignore:1)")),
        ("data/*", kept_out("data/*", "data", f'the exclude pattern "data/**" ({CONFIG}:20:3)')),
        ("env/**", kept_out("env/**", "env", "the built-in rule: env is a virtual environment (it holds pyvenv.cfg)") + SINGLE),
        (".git/config", kept_out(".git/config", ".git", "the built-in rule: .git is never part of a release")),
    ],
)
def test_pattern_that_selects_nothing_is_explained(tree, include, expected):
    tree.write(
        "my_workflow/tasks.py", "my_workflow/sub/a.json", "gone/x", "out.log", "data/d", "env/pyvenv.cfg", ".git/config", "a.txt"
    )
    tree.file(".gitignore", "*.log\ngone/\n")
    assert tree.warnings("a.txt", include, exclude=["data/**"]) == [f"{CONFIG}:6:3: {expected}"]
    with pytest.raises(SelectionError) as caught:
        tree.select(include, exclude=["data/**"])
    assert str(caught.value) == f"{CONFIG}:5:3: {expected}"


def test_no_pattern_is_an_error(tree):
    with pytest.raises(SelectionError, match="there is no include pattern"):
        tree.select()


def test_exclude_pattern_that_names_a_folder_excludes_nothing_and_says_so(tree):
    tree.write("pkg/a.py", "pkg/data/b.bin")
    hint = '"pkg/data" matches a folder (pkg/data), but patterns match files\n  hint: write "pkg/data/**"'
    assert tree.warnings("pkg/**", exclude=["pkg/data"]) == [f"{CONFIG}:20:3: {hint}"]
    assert tree.warnings("pkg/**", exclude=["pkg/data/"]) == [f"{CONFIG}:20:3: {hint}".replace('"pkg/data" m', '"pkg/data/" m')]
    assert tree.warnings("pkg/**", exclude=["pkg/data/**", "nowhere/**", "*.tmp", "**/b*"]) == []


def test_problems_of_both_lists_are_reported_together(tree):
    with pytest.raises(SelectionError) as caught:
        tree.select("/a", exclude=["../b"])
    assert [str(problem.location) for problem in caught.value.problems] == [f"{CONFIG}:5:3", f"{CONFIG}:20:3"]


def test_root_must_be_a_folder(tree):
    with pytest.raises(SelectionError, match="the root of the workflow is not a folder"):
        select_files(tree.root / "nowhere", [Pattern("**")])


# links and odd entries


def test_link_to_a_file_is_that_file(tree):
    tree.file("real.sh", "12345").chmod(0o755)
    tree.link("pkg/link.sh", "../real.sh")
    tree.link("pkg/again.sh", "link.sh")
    selected = tree.select("pkg/**")
    assert [(file.path, file.size, file.executable, file.source.read_text()) for file in selected.files] == [
        ("pkg/again.sh", 5, True, "12345"),
        ("pkg/link.sh", 5, True, "12345"),
    ]


def test_link_to_a_folder_is_that_folder(tree):
    tree.write("shared/a.py", "shared/deep/b.py", "pkg/c.py")
    tree.link("pkg/shared", "../shared")
    assert tree.paths("pkg/**") == ["pkg/c.py", "pkg/shared/a.py", "pkg/shared/deep/b.py"]
    assert tree.paths("pkg/*.py") == ["pkg/c.py"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../outside", "it leads outside the root of the workflow, to ../outside"),
        ("../outside/x.py", "it leads outside the root of the workflow, to ../outside/x.py"),
        ("nowhere", "its target nowhere does not exist"),
        ("link", "it cannot be followed: Too many levels of symbolic links"),
        (".", "it leads to a folder that holds it"),
    ],
)
@pytest.mark.parametrize("include", ["**", "link", "link/**", "l*/*.py"])
def test_link_that_cannot_be_followed_stops_where_a_pattern_asks_for_it(tree, target, reason, include):
    tree.root = tree.root / "root"
    tree.write("../outside/x.py", "a.py")
    tree.link("link", target)
    with pytest.raises(SelectionError) as caught:
        tree.select("a.py", include)
    assert str(caught.value) == (
        f"link is a link that cannot be part of a release: {reason}\n"
        "  hint: replace the link by its content, or leave the link out with an exclude pattern"
    )
    assert tree.paths("**", exclude=["link"]) == ["a.py"]
    assert tree.paths("**", exclude=["link/**"]) == ["a.py"]
    tree.file(".gitignore", "link\n")
    assert tree.paths("*.py", "**") == [".gitignore", "a.py"]


def test_link_out_of_a_folder_that_only_stars_reach_is_not_followed(tree):
    tree.root = tree.root / "root"
    tree.write("../archive/x.py", "a.py")
    tree.link("data", "../archive")
    (warning,) = tree.warnings("**/*.py")
    assert warning == (
        "the link data is left out, with everything below it: it leads outside the root of the workflow, to ../archive\n"
        '  hint: add "data" to exclude if that is intended'
    )
    assert tree.warnings("**/*.py", exclude=["data"]) == []
    assert tree.warnings("*.py") == []


def test_links_that_hold_each_other_are_found_out(tree):
    tree.write("a/x.py", "b/y.py")
    tree.link("a/to_b", "../b")
    tree.link("b/to_a", "../a")
    with pytest.raises(SelectionError, match=r"a/to_b/to_a is a link .* it leads to a folder that holds it"):
        tree.select("**")
    assert tree.paths("**/*.py") == ["a/to_b/y.py", "a/x.py", "b/to_a/x.py", "b/y.py"]


def test_sockets_and_pipes_are_left_out(tree, monkeypatch):
    tree.write("a.py")
    os.mkfifo(tree.root / "pipe")
    monkeypatch.chdir(tree.root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("worker.sock")
        tree.link("link", "pipe")
        warnings = tree.warnings("**")
    end = " is not a regular file (a socket, pipe or device) and is left out"
    assert warnings == [f"link{end}", f"pipe{end}", f"worker.sock{end}"]
    assert tree.warnings("*.py") == []


@contextmanager
def nobody():
    """Run as a user without rights of its own: root may read everything."""
    if os.getuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def open_tree(tree):
    """A tree that other users may enter."""
    with tempfile.TemporaryDirectory() as folder:
        tree.root = Path(folder).resolve()
        tree.root.chmod(0o755)
        yield tree


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="needs users")
def test_what_cannot_be_read_is_named(open_tree):
    open_tree.write("a.py", "pkg/b.py", "secret/c.py", "closed/.gitignore")
    (open_tree.root / "pkg/b.py").chmod(0o200)
    (open_tree.root / "secret").chmod(0o300)
    with nobody():
        with pytest.raises(SelectionError) as caught:
            open_tree.select("**")
        assert open_tree.paths("*.py") == ["a.py"]
    hint = "  hint: allow your user to read it, or leave it out with an exclude pattern"
    assert str(caught.value) == (
        f"pkg/b.py cannot be read: Permission denied\n{hint}\nsecret/ cannot be read: Permission denied\n{hint}"
    )


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="needs users")
def test_ignore_file_that_cannot_be_read_is_an_error(open_tree):
    open_tree.write("a.py", "pkg/b.py")
    open_tree.file("pkg/.gitignore", "*").chmod(0)
    with nobody():
        with pytest.raises(SelectionError, match=r"pkg/.gitignore cannot be read: Permission denied"):
            open_tree.select("**/*.py")
        assert open_tree.paths("**/*.py", use_gitignore=False) == ["a.py", "pkg/b.py"]


@linux_only
def test_names_that_are_not_utf8_are_an_error(tree):
    (Path(os.fsdecode(os.fsencode(tree.root) + b"/caf\xe9.txt"))).touch()
    tree.write("a.py")
    with pytest.raises(SelectionError, match=r"the name of caf\\udce9.txt is not UTF-8"):
        tree.select("**")
    assert tree.paths("*.py") == ["a.py"]


@linux_only
@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ("pkg/A.py", "pkg/a.py", "pkg/A.py and pkg/a.py are one file"),
        ("PKG/x.py", "pkg/x.py", "PKG/x.py and pkg/x.py are one file"),
        ("A/b/c.py", "a", "a is also the name of a folder"),
        ("e\u0301", "\u00e9", "e\u0301 ('e\\u0301') and \u00e9 ('\\xe9') are one file"),
    ],
)
def test_paths_that_become_one_elsewhere_are_an_error(tree, one, other, message):
    tree.write(one, other)
    with pytest.raises(SelectionError) as caught:
        tree.select("**")
    assert str(caught.value).splitlines()[0] == f"{message} on macOS and Windows"


def test_two_folders_may_differ_in_case_if_their_files_do_not_collide(tree):
    tree.write("PKG/x.py", "pkg/y.py")
    assert len(tree.paths("**")) == 2


def test_project_file_must_not_take_the_manifests_name(tree):
    tree.write(".tilebox/release.json", ".tilebox/other.json")
    with pytest.raises(SelectionError, match=r"\.tilebox/release\.json has the name of the manifest"):
        tree.select("**")
    assert tree.paths("**", exclude=[".tilebox/release.json"]) == [".tilebox/other.json"]


@pytest.mark.skipif(os.name == "nt", reason="these names cannot exist there")
@pytest.mark.parametrize("name", ["con.py", "AUX", "pkg/lpt1.txt", "a:b", "a\\b", "dot.", "space /x"])
def test_names_that_windows_does_not_allow_are_doubtful(tree, name):
    tree.write(name, "fine.py", "contour.py", "auxiliary/a.b", "com10.txt", ".hidden")
    assert tree.warnings("**") == [f"Windows cannot unpack a release with these names: {name}"]


@pytest.mark.skipif(os.name == "nt", reason="these names cannot exist there")
@pytest.mark.parametrize("name", ["new\nline", "esc\x1b[31m", "del\x7f", "c1\x9b", "gpj.\u202eexe", "par\u2029"])
def test_names_with_control_characters_stop_the_build(tree, name):
    tree.write(f"pkg/{name}", "fine.py", "zero\u200bwidth.py")
    with pytest.raises(SelectionError) as caught:
        tree.select("**")
    shown = ascii(name)[1:-1]
    hint = "rename it, or leave it out with an exclude pattern"
    assert str(caught.value) == f"pkg/{shown} has a control character in its path\n  hint: {hint}"
    assert tree.paths("**", exclude=["pkg/**"]) == ["fine.py", "zero\u200bwidth.py"]
