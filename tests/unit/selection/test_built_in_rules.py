"""What wildcards never select: environments, caches and installed packages, whatever their names."""

from __future__ import annotations

from itertools import chain

import pytest

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.release_files import check_files
from hatch_tilebox.selection.sdist_record import SdistRecord, record_of
from hatch_tilebox.selection.select import select_files

SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
FOLDERS = {
    "env": ("env/pyvenv.cfg", "", "env is a virtual environment (it holds pyvenv.cfg)"),
    "geo/conda": ("geo/conda/conda-meta/history", "", "geo/conda is a conda environment (it holds conda-meta)"),
    "target": ("target/CACHEDIR.TAG", f"{SIGNATURE}\n# a comment\n", "target is a cache (it holds CACHEDIR.TAG)"),
    ".pixi": (".pixi/envs/default/conda-meta/history", "", ".pixi holds generated files"),
    "web/node_modules": ("web/node_modules/a/package.json", "", "node_modules holds generated files"),
    ".ipynb_checkpoints": (".ipynb_checkpoints/x.ipynb", "", ".ipynb_checkpoints holds generated files"),
    "sub/.tox": ("sub/.tox/x", "", ".tox holds generated files"),
    ".nox": (".nox/x", "", ".nox holds generated files"),
}


@pytest.fixture(params=FOLDERS)
def generated(request, tree):
    """A project beside a folder that a tool has filled: the path of the folder and the rule that explains it."""
    path, content, rule = FOLDERS[request.param]
    tree.file(path, content)
    tree.write(f"{request.param}/lib/code.py", f"{request.param}/lib/other.py", "pkg/runner.py")
    return request.param, rule


def test_wildcards_select_nothing_in_a_folder_that_a_tool_fills(tree, generated):
    folder, rule = generated
    assert tree.paths("**/*.py") == ["pkg/runner.py"]
    assert tree.paths("**") == ["pkg/runner.py"]
    (warning,) = tree.warnings("pkg/**", f"{folder}/**/*.py")
    assert f'"{folder}/**/*.py" selects nothing: {folder} is kept out by the built-in rule: {rule}' in warning
    assert warning.endswith("hint: name single files without wildcards, or copy them to another folder")
    explanation = explain(tree.root, tree.patterns(["**"]), [], f"{folder}/lib/code.py")
    assert explanation.reason == f"its folder {folder} is kept out by the built-in rule: {rule}"


def test_a_file_that_a_pattern_names_exactly_is_selected_alone(tree, generated):
    folder, _ = generated
    named = f"./{folder}/lib/{{code}}.py"
    assert tree.paths("**/*.py", named) == sorted([f"{folder}/lib/code.py", "pkg/runner.py"])
    assert tree.warnings("**/*.py", named) == []
    assert tree.paths("pkg/**", named, exclude=[f"{folder}/**"]) == ["pkg/runner.py"]
    include = tree.patterns(["**/*.py", named])
    assert explain(tree.root, include, [], f"{folder}/lib/code.py").selected
    other = explain(tree.root, include, [], f"{folder}/lib/other.py")
    assert other.reason == "no include pattern names it, and wildcards select nothing in this folder"


def test_the_record_of_an_sdist_names_what_only_its_marks_keep_out(tree, generated):
    """An sdist may lack the mark of the environment; the release of the sdist is the same."""
    folder, _ = generated
    include = tree.patterns(["**/*.py"])
    files = select_files(tree.root, include)
    record = record_of(files, include, [], ["pkg/runner.py", f"{folder}/lib/code.py"])
    assert record == SdistRecord(frozenset({f"{folder}/lib/code.py"}))
    (tree.root / ".tilebox-sdist.json").write_bytes(record.to_json())
    (tree.root / FOLDERS[folder][0]).unlink()
    (tree.root / folder / "lib/other.py").unlink()
    assert tree.paths("**/*.py") == ["pkg/runner.py"]


def test_history_is_never_part_of_a_release_even_where_it_is_named(tree):
    tree.write(".git/hooks/a.py", "a.py", "pkg/__pycache__/b.pyc")
    assert tree.paths("*.py", ".git/hooks/a.py", "pkg/__pycache__/b.pyc") == ["a.py"]


@pytest.mark.parametrize("content", ["", "Signature: 0000\n", f" {SIGNATURE}\n"])
def test_a_cache_tag_without_its_signature_is_a_file_like_others(tree, content):
    tree.file("data/CACHEDIR.TAG", content)
    tree.write("data/a.py")
    assert tree.paths("**") == ["data/CACHEDIR.TAG", "data/a.py"]


def test_marks_in_the_root_keep_nothing_out(tree):
    tree.file("CACHEDIR.TAG", SIGNATURE)
    tree.write("pyvenv.cfg", "a.py")
    assert tree.paths("**/*.py") == ["a.py"]


def test_a_link_to_an_environment_is_one(tree):
    tree.write("env/conda-meta/history", "env/a.py", "b.py")
    tree.link("link", "env")
    assert tree.paths("**/*.py") == ["b.py"]


def checked(files, **options):
    return tuple(chain.from_iterable(check_files(files, **options)))


@pytest.mark.parametrize("lib", ["lib", "lib.linux-x86_64-cpython-312"])
@pytest.mark.parametrize(("base", "original"), [("", "flow"), ("", "src/flow"), ("sub/", "sub/flow")])
def test_a_copy_that_setuptools_left_is_a_warning(tree, lib, base, original):
    tree.write(
        f"{original}/a.py", f"{base}build/{lib}/flow/a.py", f"{base}build/{lib}/flow/b.py", f"{base}build/{lib}/unrelated/c.py"
    )
    (warning,) = checked(tree.select("**/*.py"))
    assert str(warning) == (
        f"{base}build/{lib}/flow is a copy of {original} that setuptools created: 2 files, 0 B\n"
        f'  hint: to leave it out: exclude = ["{base}build/**"] under [build] in tilebox.workflow.toml'
    )
    assert checked(tree.select("**/*.py", exclude=[f"{base}build/**"])) == ()


def test_a_build_folder_of_the_project_is_fine(tree):
    tree.write("build/lib/flow/a.py", "build/library/flow/b.py", "rebuild/lib/a/c.py", "a.py")
    assert checked(tree.select("**/*.py")) == ()


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def pointer(size, end="\n"):
    return POINTER.format("4" * 64, size).replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_pointer_of_git_lfs_is_an_error_with_the_real_size(tree, end):
    tree.file("data/weights.ckpt", pointer(123_456_789, end))
    tree.write("a.py")
    with pytest.raises(SelectionError) as caught:
        checked(tree.select("**"))
    assert str(caught.value) == (
        "data/weights.ckpt: the file is a Git LFS pointer; its content of 117.7 MiB is not here\n"
        '  hint: run `git lfs pull`, or leave it out: exclude = ["data/weights.ckpt"] under [build] in tilebox.workflow.toml'
    )
    assert checked(tree.select("**", exclude=["data/*"])) == ()


def test_known_contents_are_not_read_again(tree):
    files = tree.select(tree.file("a.bin", pointer(5)).name)
    with pytest.raises(SelectionError, match="content of 5 B"):
        checked(files, contents={"a.bin": pointer(5).encode()})
    assert checked(files, contents={"a.bin": b"content"}) == ()


def test_many_pointers_are_summed_up(tree):
    for number in range(13):
        tree.file(f"{number:02}.bin", pointer(1024))
    with pytest.raises(SelectionError) as caught:
        checked(tree.select("**"))
    assert len(caught.value.problems) == 11
    assert str(caught.value.problems[-1]) == "3 more files are Git LFS pointers, for 3.0 KiB\n  hint: run `git lfs pull`"


def test_a_text_about_git_lfs_is_not_a_pointer(tree):
    tree.file("notes.md", "The first line is:\n" + pointer(5))
    tree.file("long.txt", pointer(5) + "x" * 1024)
    tree.file("short.txt", "version https://git-lfs.github.com/spec/v")
    tree.file("v10.txt", pointer(5).replace("spec/v1", "spec/v10"))
    assert checked(tree.select("**")) == ()


MODULES = '[submodule "shared"]\n\tpath = libs/shared\n\turl = ../shared\n[submodule "b"]\n\tpath = "flow/libs/b c"\n'


def test_a_submodule_that_is_not_initialized_is_named_by_the_pattern_that_selects_nothing(tree):
    tree.file(".gitmodules", MODULES)
    tree.write("a.py")
    (tree.root / "libs/shared").mkdir(parents=True)
    with pytest.raises(SelectionError) as caught:
        tree.select("libs/shared/**")
    reason = "libs/shared is a Git submodule that is not initialized"
    hint = "\n  hint: run `git submodule update --init libs/shared`"
    assert str(caught.value) == f'tilebox.workflow.toml:5:3: "libs/shared/**" matches nothing: {reason}{hint}'
    assert tree.warnings("*.py", "libs/**/*.py") == [f'tilebox.workflow.toml:6:3: "libs/**/*.py" matches nothing: {reason}{hint}']
    assert tree.warnings("**/*.py") == [f"{reason}, so nothing in it is selected{hint}"]
    assert tree.warnings("**/*.py", exclude=["libs/**"]) == tree.warnings("*.py") == []
    tree.write("libs/shared/.git", "libs/shared/b.py")
    assert tree.paths("libs/shared/**/*.py") == ["libs/shared/b.py"]


def test_submodules_are_those_of_the_repository_above(tree):
    tree.file(".gitmodules", MODULES)
    tree.write("flow/a.py")
    (tree.root / "flow/libs/b c").mkdir(parents=True)
    (tree.root / "flow/empty").mkdir(parents=True)
    tree.root = tree.root / "flow"
    (warning,) = tree.warnings("**/*.py")
    assert warning.startswith("libs/b c is a Git submodule that is not initialized")
    (tree.root / ".git").mkdir()  # another repository
    assert tree.warnings("**/*.py") == []
