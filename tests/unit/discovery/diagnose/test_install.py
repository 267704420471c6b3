"""What uv says, in the words of its versions, and what we make of it. The same with a real uv: test_discovery_explains.py."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import FileSet, SelectedFile
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.toml_document import Document
from hatch_tilebox.discovery.diagnose.install import install_failed

PACKAGED = {
    "build-system": {"requires": ["hatchling"]},
    "project": {"name": "My.Project", "readme": {"file": "docs/intro.md"}, "license-files": ["LICENSE"]},
    "tool": {"hatch": {"version": {"path": "src/my_project/about.py"}}},
}


def explain(words, root, selected=(), pyproject=None, **options):
    files = FileSet(root, tuple(SelectedFile(path, str(root / path), 0) for path in selected))
    document = Document("pyproject.toml", "", pyproject or {"project": {"name": "x"}})
    return install_failed(words, files, Pyproject(root, document), **{"timed_out": False, **options})


@pytest.mark.parametrize(
    "words",
    [
        "error: `x==1` can't be installed because it doesn't have a source distribution or wheel for the current platform",
        "error: No interpreter found for Python >=3.15 in virtual environments, managed installations, or search path",
        "  x No solution found when resolving dependencies:\n  ╰─▶ Because a depends on b",
        "error: Failed to fetch: `https://x`\n  Caused by: error sending request",
        "  x No solution found when resolving dependencies:\n  hint: Packages were unavailable, the network was disabled.",
        "error: Failed to parse `uv.lock`, which uses an unsupported schema version (v9, but only v1 is supported)",
    ],
)
def test_an_error_that_uv_explains_is_shown_unchanged(words, tmp_path):
    problem = explain(words, tmp_path)
    assert problem.message == "uv could not install the workflow's dependencies"
    assert problem.details == words.strip()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            "error: Failed to install: numpy.whl\n  cause: failed to copy file: No space left on device (os error 28)",
            "no space left where the environment is created",
            "HATCH_TILEBOX_CACHE_DIR",
        ),
        (
            "error: Failed to build `numpy==2.0`\n  cause: failed to spawn `env/bin/python`: Permission denied (os error 13)",
            "does not allow programs to run",
            "HATCH_TILEBOX_CACHE_DIR",
        ),
        (
            "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
            "uv.lock is stale",
            "`uv lock`",
        ),
        (
            "error: The current Python platform is not compatible with the lockfile's supported environments: `x`",
            "other platforms",
            "`environments`",
        ),
        ("error: Failed to parse `uv.lock`\n  Caused by: TOML parse error", "uv.lock cannot be read", "`uv lock`"),
        (
            "error: `lib` references a workspace in `tool.uv.sources`, but is not a workspace member",
            "a dependency is a path",
            "[build] include",
        ),
        ("error: Distribution not found at: file:///lib", "a dependency is a path", "[build] include"),
        (
            "  x Failed to build `numba==0.50`\n  ├─▶ The build backend returned an error",
            "the dependency numba has to be built",
            "a wheel",
        ),
        (
            "error: Failed to fetch: `https://x`\n  cause: HTTP client error (401 Unauthorized)",
            "refuses access to",
            "credentials",
        ),
        (
            "error: Failed to initialize cache at `/cache`\n  cause: failed to open file: Permission denied (os error 13)",
            "may not read or write",
            "which one",
        ),
        ("error: something new", "could not install", "`uv sync`"),
    ],
)
def test_known_words(words, message, hint, tmp_path):
    problem = explain(words, tmp_path)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.details


def test_the_source_that_uv_names_comes_first(tmp_path):
    sources = 'lib = { path = "lib" }\nOther_Lib = { path = "other" }\n'
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "x"\ndependencies = ["lib", "other-lib"]\n[tool.uv.sources]\n{sources}'
    )
    words = "error: Failed to build `other-lib @ file:///x`\n  Caused by: Distribution not found at: file:///x/other"
    problem = explain(words, tmp_path, ["pyproject.toml"])
    assert problem.message == "other-lib comes from other, which is not among the selected files"
    assert problem.details == words


def test_time_limit(tmp_path):
    assert "did not finish" in explain("", tmp_path, timed_out=True).message


def test_all_that_the_build_lacks_is_named(tmp_path):
    for path in ("docs/intro.md", "LICENSE", "src/my_project/about.py", "build/hook.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    words = "  x Failed to build `my-project @ file:///x`\n      FileNotFoundError: build/hook.txt"
    problem = explain(words, tmp_path, ["pyproject.toml"], PACKAGED)
    wanted = ["docs/intro.md", "LICENSE", "src/my_project/about.py", "build/hook.txt", "src/my_project/**"]
    assert f": {', '.join(wanted)} are not among them" in problem.message
    assert " and ".join(f'"{path}"' for path in wanted) in problem.hint
    assert "`package = false` under [tool.uv]" in problem.hint


def test_a_version_from_git(tmp_path):
    words = "Failed to build `my-project`\n LookupError: setuptools-scm was unable to detect version for /x."
    problem = explain(words, tmp_path, ["pyproject.toml"], PACKAGED)
    assert "its version comes from git" in problem.message
    assert "write the version into pyproject.toml, or set `package = false`" in problem.hint


def test_frames_of_build_tools_are_left_out(tmp_path):
    words = (
        "Using CPython 3.12.1\nResolved 3 packages in 1ms\nerror: Failed to build `x`\n"
        '      Traceback (most recent call last):\n        File "/a/b.py", line 3, in build\n          go()\n          ^^^^\n'
        "      OSError: no README\n"
    )
    assert explain(words, tmp_path).details == "error: Failed to build `x`\n      OSError: no README"


@pytest.mark.parametrize(("module", "proposed"), [("my_project/runner.py", True), ("src/my_project/runner.py", False)])
def test_package_false_is_a_fix_only_for_modules_that_need_no_installed_project(tmp_path, module, proposed):
    problem = explain("error: Failed to build `my-project @ file:///x`", tmp_path, [module], PACKAGED)
    assert "the project itself does not build" in problem.message
    assert ("package = false" in problem.hint) == proposed
