"""The shortcut for sdists: it may only be taken where the rules of selection would add nothing."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hatch_tilebox.frontends.application import HatchlingProject
from hatch_tilebox.project.build_options import HOOK_TABLE
from hatch_tilebox.selection.shortcut import holds_release

FILES = {
    "runner.py": "runner = None",
    "flow/__init__.py": "",
    "flow/limits.json": "{}",
    ".gitignore": "*.tif\n/out/\n",
    "uv.lock": "version = 1",
    "README.md": "",
}
INCLUDE = ["pyproject.toml", "uv.lock", "runner.py", "flow/**"]


def make(folder, files=(), include=INCLUDE, workflow=""):
    """A project of the usual files and of `files`, a mapping or a list of paths; None as a content makes a folder."""
    for path, content in {**FILES, **(files if isinstance(files, dict) else dict.fromkeys(files, ""))}.items():
        target = folder / path
        (target if content is None else target.parent).mkdir(parents=True, exist_ok=True)
        if content is not None:
            target.write_text(content, "utf-8")
    (folder / "pyproject.toml").write_text('[project]\nname = "flow"\nversion = "1"\n')
    globs = ", ".join(f'"{glob}"' for glob in include)
    text = f'[workflow]\nslug = "flow"\nrunner = "runner:runner"\n{workflow}\n[build]\ninclude = [{globs}]\n'
    (folder / "tilebox.workflow.toml").write_text(text)


def builder(folder, **sdist):
    project = {"name": "flow", "version": "1"}
    return SdistBuilder(str(folder), config={"project": project, "tool": {"hatch": {"build": {"targets": {"sdist": sdist}}}}})


def shipped(folder, **sdist):
    return {file.distribution_path for file in builder(folder, **sdist).recurse_selected_project_files()}


def missing(folder, **sdist):
    """What the rules of selection would add, by the long way."""
    made = builder(folder, **sdist)
    project = HatchlingProject(str(folder), made.metadata, {}, HOOK_TABLE, str(folder / "dist"), made.app)
    return set(project.sdist_files().values()) - shipped(folder, **sdist)


@pytest.mark.parametrize(
    ("files", "include"),
    [
        ((), INCLUDE),
        (["scene.tif", "out/x.py", ".idea/workspace.xml", ".env"], INCLUDE),  # ignored, where no glob reaches
        (["scene.tif", "out/scene.json", "flow/scene.tif"], ["**/*.py", "pyproject.toml", "uv.lock"]),  # nor names
        (["flow/__pycache__/a.pyc", "flow/.DS_Store", "dist/flow.py", "env/pyvenv.cfg", "env/a.py"], ["**"]),
        ({".git/info/exclude": "# git's own remarks\n\n", ".git/HEAD": ""}, INCLUDE),
        ({"flow/empty": None}, INCLUDE),
    ],
)
def test_taken_where_hatchling_ships_it_all(files, include, tmp_path):
    make(tmp_path, files, include)
    assert holds_release(str(tmp_path), shipped(tmp_path))
    assert not missing(tmp_path)


@pytest.mark.parametrize(
    ("files", "include"),
    [
        (["flow/scene.tif"], INCLUDE),
        (["flow/.venv/a.py"], INCLUDE),  # for hatchling an environment by its name, for us a folder
        (["out/a.py"], ["**/*.py"]),
        (["scene.tif"], ["*.tif"]),
        (["scene.tif"], ["./scene.tif"]),
        (["scene.tif"], ["{runner.py,scene.tif}"]),
        (["scene.tif"], ["\\\\scene.tif"]),
        (["out/x.py"], ["{flow,out/x}.py"]),
        (["flow/scene.tif"], ["flow/{a,b/scene}.tif"]),
        ({"flow/a/.gitignore": "*", "flow/a/x.py": ""}, INCLUDE),  # hatchling ships what only this file ignores
        ({".git/info/exclude": "flow/limits.json\n"}, INCLUDE),
        ({".git": "gitdir: elsewhere\n"}, INCLUDE),
        ({"\u212aelvin/\u212a.tif": ""}, ["Kelvin/K.tif"]),
    ],
)
def test_not_taken_where_only_the_rules_can_tell(files, include, tmp_path):
    make(tmp_path, files, include)
    taken = holds_release(str(tmp_path), shipped(tmp_path, exclude=["flow/a/.gitignore"]))
    assert not taken


@pytest.mark.parametrize("link", ["flow/link", "flow/link.py"])
def test_not_taken_for_links(link, tmp_path):
    make(tmp_path, ["flow/real/a.py"])
    (tmp_path / link).symlink_to("real")
    assert not holds_release(str(tmp_path), {*shipped(tmp_path), link})


def test_not_taken_for_mistakes_and_other_roots(tmp_path):
    make(tmp_path, workflow='root = "flow"')
    assert not holds_release(str(tmp_path), shipped(tmp_path))
    make(tmp_path, workflow='root = "."')
    assert holds_release(str(tmp_path), shipped(tmp_path))
    config = tmp_path / "tilebox.workflow.toml"
    for text in ("[workflow", "workflow = 1\n[build]\ninclude = []", "[workflow]\n[build]\ninclude = '**'", "[workflow]"):
        config.write_text(text)
        assert not holds_release(str(tmp_path), shipped(tmp_path))
    config.unlink()
    assert not holds_release(str(tmp_path), shipped(tmp_path))


@pytest.mark.parametrize("dropped", ["tilebox.workflow.toml", "uv.lock", ".gitignore", "flow/limits.json"])
def test_not_taken_where_settings_drop_what_is_needed(dropped, tmp_path):
    make(tmp_path)
    paths = shipped(tmp_path)
    assert holds_release(str(tmp_path), paths)
    assert not holds_release(str(tmp_path), paths - {dropped})


NAMES = st.sampled_from(
    ["a", "b", "src", "x.py", "y.tif", "dist", "__pycache__", ".venv", "pyvenv.cfg", ".gitignore", "PKG-INFO", "é.py"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PARTS = st.sampled_from(
    ["*", "**", "*.py", "?.py", "a", "b", "src", "x.py", "y.tif", "{a,b}", "{a/x,b}.py", "[ab]", ".", "é.py", ".venv"]
)
GLOBS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
IGNORES = st.lists(st.sampled_from(["a", "/b", "*.tif", "src/", "!x.py", "**/a", "*"]), max_size=2).map("\n".join)


@given(
    paths=st.dictionaries(PATHS, IGNORES, max_size=6),
    include=st.lists(GLOBS, min_size=1, max_size=3),
    ignored=IGNORES,
    sdist=st.fixed_dictionaries(
        {}, optional={"exclude": st.lists(PARTS, max_size=2), "only-include": st.just(["src"]), "sources": st.just(["src"])}
    ),
)
@example(paths={"src/a/x.py": ""}, include=["src/**"], ignored="", sdist={})
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_taken_where_the_rules_would_add_something(paths, include, ignored, sdist, tmp_path):
    folder = tmp_path / "project"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    kept = [path for path in sorted(paths) if not any(other.startswith(f"{path}/") for other in paths)]
    kept = [path for path in kept if ".gitignore" not in Path(path).parent.parts]
    make(folder, {**{path: paths[path] for path in kept}, ".gitignore": ignored}, [*INCLUDE, *include])
    if holds_release(str(folder), shipped(folder, **sdist)):
        with contextlib.suppress(SystemExit):  # globs that select nothing: the wheel says so
            assert not missing(folder, **sdist)
