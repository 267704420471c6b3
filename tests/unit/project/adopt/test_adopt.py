"""`hatch-tilebox adopt` preserves the style of files, and a second run changes nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import tomlkit
from monorepo_lock import MONOREPO
from monorepo_lock import lock as monorepo_lock
from output_schema import check_output

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.adopt.plan import plan_adoption
from hatch_tilebox.project.check import check_project

PROJECT = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox"]\n'
RUNNER = "from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[])\n"
LOCK = """\
[[package]]
name = "tide-gauge"
source = { virtual = "." }

[package.metadata]
requires-dist = [{ name = "tilebox" }]
"""


@pytest.fixture
def project(tmp_path):
    """A function that makes a project of a `pyproject.toml` and more files."""

    def make(pyproject, **files):
        root = tmp_path / "project"
        root.mkdir()
        (root / "pyproject.toml").write_bytes(pyproject.encode())
        (root / "runner.py").write_text(RUNNER)
        (root / "uv.lock").write_text(LOCK)
        for name, text in files.items():
            path = root / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    return make


def adopt(invoke, root):
    """The JSON of an adoption, `pyproject.toml` after it, and proof that a second one changes nothing and that all is well."""
    result = invoke("adopt", root, "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    report = check_output("adopt", result.stdout)
    again = check_output("adopt", invoke("adopt", root, "--yes", "--json").stdout)
    assert (again["applied"], again["changes"]) == (False, [])
    assert check_project(root).errors == []
    text = (root / "pyproject.toml").read_bytes().decode()
    return report, text, tomlkit.parse(text).unwrap()


STYLES = {
    "no build system": PROJECT,
    "no newline at the end": PROJECT.rstrip("\n"),
    "windows": PROJECT.replace("\n", "\r\n"),
    "hatchling": f'[build-system]\nrequires = ["hatchling>=1.20"]  # on purpose\nbuild-backend = "hatchling.build"\n\n{PROJECT}',
    "hatchling, one item a line": (
        f"# SPDX-License-Identifier: MIT\n[build-system]\nrequires = [\n    'hatchling',  # the backend\n]\n"
        f'build-backend = "hatchling.build"\n\n{PROJECT}\n[tool.hatch.build]\n# keep\nexclude = ["a"]\n'
    ),
    "build system at the end": f'{PROJECT}\n[build-system] # last\nbuild-backend = "hatchling.build"\nrequires = ["hatchling"]\n',
    "inline": f'build-system = {{ requires = ["hatchling"], build-backend = "hatchling.build" }} # odd\n{PROJECT}',
    "dotted keys": f'{PROJECT}\n[tool]\nhatch.build.exclude = ["a"] # odd\nuv.managed = true\n',
    "settings of uv": f"{PROJECT}\n[tool.uv]\n# mine\nmanaged = true\n\n[tool.ruff]\nline-length = 100 # wide\n",
    "sources of uv": f'{PROJECT}\n[tool.uv.sources]\nx = {{ path = "x" }}\n\n[[tool.uv.index]]\nurl = "https://example.org"\n',
    "setuptools": (
        '[build-system]\nrequires = [\n  "setuptools>=61", # old\n  "wheel",\n]\nbuild-backend = "setuptools.build_meta"\n\n'
        f"{PROJECT}"
    ),
    "uv_build": f'{PROJECT}\n[build-system]\nrequires = ["uv_build>=0.9,<0.10"]\nbuild-backend = "uv_build"\n',
    "poetry": (
        f'{PROJECT}\n[tool.poetry.group.dev]\noptional = true # mine\n\n[build-system]\nrequires = ["poetry-core>=2"]\n'
        'build-backend = "poetry.core.masonry.api"\n'
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_kept(invoke, project, style):
    before = STYLES[style]
    root = project(before)
    _, text, values = adopt(invoke, root)
    assert values["build-system"]["build-backend"] == "hatchling.build"
    names = [item.split(">")[0].split("<")[0] for item in values["build-system"]["requires"]]
    assert names == ["hatchling", "hatch-tilebox"]
    assert values["tool"]["hatch"]["build"]["hooks"]["tilebox"] == {}
    # Nothing of the author's is lost or moved: what is left of the old lines is there in the old order, with every comment.
    rest = iter(text.splitlines())
    kept = [
        line
        for line in before.splitlines()
        if not any(word in line for word in ("requires =", "build-backend", "setuptools", "wheel"))
    ]
    assert all(any(line == found for found in rest) for line in kept if "tool.uv" not in line and "hatch.build" not in line)
    assert [part for part in before.split("#")[1:] if part.splitlines()[0] not in text and "old" not in part] == []
    assert ("\r\n" in text) == ("\r\n" in before)
    assert text.count("\r") in {0, text.count("\n")}


@pytest.mark.parametrize("style", STYLES)
def test_a_runner_in_the_projects_folder_needs_no_installed_project(invoke, project, style):
    """The reason is in the file, so the diff shows it."""
    report, text, values = adopt(invoke, project(STYLES[style]))
    assert values["tool"]["uv"]["package"] is False
    assert "package = false  # the runner is imported from this folder: nobody has to build and install" in text
    assert not any("package = false" in (note["hint"] or "") for note in report["notes"])


HATCHLING = STYLES["hatchling"]
SRC = {"src/tide_gauge/__init__.py": "", "src/tide_gauge/app.py": RUNNER}
TARGET = ["hatch-tilebox"]


def make(tmp_path, pyproject, files):
    root = tmp_path / "project"
    for name, text in {"pyproject.toml": pyproject, "uv.lock": LOCK, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    "files",
    [
        SRC,
        {**SRC, "runner.py": f"def later():\n    import tide_gauge.app\n\n{RUNNER}"},
        {"runner.py": f"from importlib.metadata import version\n\nprint(version('Tide.Gauge'))\n{RUNNER}"},
    ],
)
def test_a_runner_that_needs_an_installed_project_gets_the_target(invoke, tmp_path, files):
    """What release runners install to build it stays as it was: hatch-tilebox is required by the target alone."""
    report, text, values = adopt(invoke, make(tmp_path, HATCHLING, files))
    assert values["build-system"] == tomlkit.parse(HATCHLING).unwrap()["build-system"]
    assert values["tool"]["hatch"]["build"] == {"targets": {"tilebox": {"dependencies": TARGET}}}
    assert "uv" not in values["tool"]
    assert "release runners build the project, too, and do not install this" in text
    (note,) = [note for note in report["notes"] if "release runners build this project" in note["message"]]
    assert re.search(r"\.py(:\d+)?\b.*if (it|the project) is installed", note["message"])


def test_a_src_project_keeps_another_backend_untouched(invoke, tmp_path):
    report, text, _ = adopt(invoke, make(tmp_path, STYLES["uv_build"], SRC))
    assert text == STYLES["uv_build"]
    (note,) = [note for note in report["notes"] if "build-backend stays uv_build" in note["message"]]
    assert note["hint"] == "hatch-tilebox build builds the release"
    assert check_project(tmp_path / "project").warnings == []


@pytest.mark.parametrize(
    ("module", "wheel"),
    [("tide_gauge/app.py", None), ("gauges/app.py", {"only-include": ["src"], "sources": ["src"]})],
)
def test_a_src_project_without_a_build_system_gets_one_that_installs_it(invoke, tmp_path, module, wheel):
    files = {f"src/{module}": RUNNER, f"src/{module.split('/')[0]}/__init__.py": ""}
    report, _, values = adopt(invoke, make(tmp_path, PROJECT, files))
    assert values["build-system"]["requires"] == ["hatchling"]
    assert values["tool"]["hatch"]["build"]["targets"].get("wheel") == wheel
    assert "uv" not in values["tool"]
    assert "run: uv lock" in [note["hint"] for note in report["notes"]]


def test_src_and_no_package_contradict_each_other_and_only_one_way_out_is_named(invoke, tmp_path):
    root = make(tmp_path, f"{HATCHLING}\n[tool.uv]\npackage = false\n", SRC)
    report, _, values = adopt(invoke, root)
    assert values["tool"]["uv"]["package"] is False
    hints = [note["hint"] for note in report["notes"] if "package" in (note["hint"] or "")]
    assert hints == ["remove package = false from [tool.uv], or move what it imports out of src"]


def test_a_worker_command_that_names_no_module_leaves_the_package_setting(invoke, tmp_path):
    config = '[workflow]\nslug = "a"\ncommand = ["uv", "run", "gauge-worker"]\n\n[build]\ninclude = ["pyproject.toml"]\n'
    root = make(tmp_path, HATCHLING, {"tilebox.workflow.toml": config, "runner.py": RUNNER})
    _, _, values = adopt(invoke, root)
    assert "uv" not in values["tool"]
    assert values["tool"]["hatch"]["build"]["targets"]["tilebox"] == {"dependencies": TARGET}


def test_a_worker_command_that_names_a_module_in_the_folder(invoke, tmp_path):
    config = '[workflow]\nslug = "a"\ncommand = ["uv", "run", "python", "-m", "worker"]\n\n[build]\ninclude = ["pyproject.toml"]\n'
    root = make(tmp_path, HATCHLING, {"tilebox.workflow.toml": config, "worker/__main__.py": ""})
    _, _, values = adopt(invoke, root)
    assert values["tool"]["uv"]["package"] is False


def test_the_lock_of_a_project_that_uv_installed_has_to_be_updated(invoke, tmp_path):
    lock = LOCK.replace("virtual", "editable")
    report, _, _ = adopt(invoke, make(tmp_path, HATCHLING, {"runner.py": RUNNER, "uv.lock": lock}))
    (note,) = [note for note in report["notes"] if note["file"] == "uv.lock"]
    assert note["message"] == "uv no longer installs the project, so the lock has to be updated"


def test_a_project_with_the_hook_whose_runners_install_it_learns_of_the_target(invoke, tmp_path):
    pyproject = HATCHLING.replace('["hatchling>=1.20"]', '["hatchling", "hatch-tilebox"]') + "\n[tool.hatch.build.hooks.tilebox]\n"
    report, text, _ = adopt(invoke, make(tmp_path, pyproject, SRC))
    assert text == pyproject
    (note,) = [note for note in report["notes"] if "release runners install hatch-tilebox" in note["message"]]
    assert "[tool.hatch.build.targets.tilebox]" in note["hint"]


@pytest.mark.parametrize(
    ("pyproject", "files", "reason"),
    [
        (f"{STYLES['setuptools']}\n[tool.setuptools]\nzip-safe = false\n", {}, "it is configured in [tool.setuptools]"),
        (STYLES["setuptools"], {"setup_dot_py": ""}, "there is setup.py"),
        (PROJECT, {"setup_dot_py": ""}, "there is setup.py"),
        (STYLES["setuptools"].replace('"wheel"', '"cython"'), {}, "it builds with cython"),
        (STYLES["uv_build"].replace('version = "0.1.0"', 'dynamic = ["version"]'), {}, "it computes version"),
        (f'{STYLES["uv_build"]}\n[tool.uv.build-backend]\nmodule-root = ""\n', {}, "[tool.uv.build-backend]"),
        (f'{STYLES["poetry"]}\n[tool.poetry]\npackages = ["a"]\n', {}, "[tool.poetry.packages]"),
        (f'{PROJECT}\n[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n', {}, "cannot replace it"),
    ],
)
def test_a_backend_that_may_do_more_stays(invoke, project, pyproject, files, reason):
    root = project(pyproject, **files)
    result = check_output("adopt", invoke("adopt", root, "--yes", "--json").stdout)
    assert [change["path"] for change in result["changes"]] == ["tilebox.workflow.toml"]
    assert (root / "pyproject.toml").read_text() == pyproject
    assert any(reason in note["message"] and "stays" in note["message"] for note in result["notes"])


def test_our_own_backend_is_enough(invoke, project):
    root = project(f'{PROJECT}\n[build-system]\nrequires = ["hatch-tilebox"]\nbuild-backend = "hatch_tilebox.backend"\n')
    report, _, values = adopt(invoke, root)
    assert [change["path"] for change in report["changes"]] == ["pyproject.toml", "tilebox.workflow.toml"]
    assert values["tool"] == {"uv": {"package": False}}


def test_hatch_toml_gets_the_hook_where_it_replaces_the_tables(invoke, project):
    root = project(STYLES["hatchling"], hatch_dot_toml='[build]\nexclude = ["a"]  # mine\n')
    _, _, values = adopt(invoke, root)
    assert values["tool"] == {"uv": {"package": False}}
    assert (root / "hatch.toml").read_text() == '[build]\nexclude = ["a"]  # mine\n\n[build.hooks.tilebox]\n'


def test_the_diff_is_shown_and_nothing_is_written_unasked(invoke, project):
    root = project(PROJECT)
    result = invoke("adopt", root, input="y\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert '+requires = ["hatchling", "hatch-tilebox"]' in result.stderr
    assert "Use --yes to write the changes" in result.stderr
    assert (root / "pyproject.toml").read_text() == PROJECT
    assert not (root / "tilebox.workflow.toml").exists()


def test_a_configuration_that_is_there_stays(invoke, small_project):
    root = small_project()
    result = check_output("adopt", invoke("adopt", root, "--json").stdout)
    assert (result["applied"], result["changes"]) == (False, [])


def test_file_modes_and_links_stay(invoke, project):
    root = project(PROJECT)
    real = root / "shared.toml"
    (root / "pyproject.toml").rename(real)
    real.chmod(0o600)
    (root / "pyproject.toml").symlink_to(real)
    adopt(invoke, root)
    assert (root / "pyproject.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("files", "runner", "include"),
    [
        ({"runner_dot_py": RUNNER}, "runner:runner", ["runner.py"]),
        (
            {
                "flow/__init__.py": "",
                "flow/runner.py": f"from helpers import x\nimport bands.names\n{RUNNER}",
                "helpers.py": "",
                "bands/names.py": "",
            },
            "flow.runner:runner",
            ["flow/**", "bands/**", "helpers.py"],
        ),
        (
            {"src/flow/__init__.py": "", "src/flow/app.py": "import tilebox.workflows as w\nr: object = w.Runner()\n"},
            "flow.app:r",
            ["src/**"],
        ),
        ({"flow/__init__.py": RUNNER, "tests/runner.py": RUNNER, "my-tool/x.py": RUNNER}, "flow:runner", ["flow/**"]),
        (
            {
                "a.py": "from tilebox.workflows import Runner as R\nworker = R(tasks=[])\n",
                ".venv/pyvenv.cfg": "",
                ".venv/x.py": RUNNER,
            },
            "a:worker",
            ["a.py"],
        ),
    ],
)
def test_the_runner_is_found_with_what_it_needs(tmp_path, files, runner, include):
    root = tmp_path / "project"
    for name, text in {"pyproject.toml": PROJECT, "uv.lock": "", **files}.items():
        path = root / name.replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    adoption = plan_adoption(root)
    config = tomlkit.parse(adoption.changes[-1].after).unwrap()
    assert config["workflow"] == {"slug": "tide-gauge", "runner": runner}
    assert config["build"] == {"include": ["pyproject.toml", "uv.lock", *include]}


def test_a_release_that_is_built_on_runners_holds_what_the_build_reads(invoke, tmp_path):
    pyproject = HATCHLING.replace("version =", 'readme = "README.md"\nlicense-files = ["LICENSE"]\nversion =')
    root = make(tmp_path, pyproject, {**SRC, "README.md": "# Tides\n", "LICENSE": "MIT\n"})
    adopt(invoke, root)
    assert '"LICENSE"' in (root / "tilebox.workflow.toml").read_text()
    assert '"README.md"' in (root / "tilebox.workflow.toml").read_text()


@pytest.mark.parametrize(
    ("pyproject", "message"),
    [
        ("[tool.poetry]\nname = 'a'\n", "move the metadata from .tool.poetry. to .project."),
        ("[tool.ruff]\n", "no .project. table"),
        ("[project\n", "pyproject.toml:1"),
    ],
)
def test_without_metadata_nothing_can_be_done(project, pyproject, message):
    with pytest.raises(ConfigError, match=message):
        plan_adoption(project(pyproject))


def test_without_a_runner_nothing_can_be_done(project):
    root = project(PROJECT)
    (root / "runner.py").write_text("def make(): return Runner()\n")
    with pytest.raises(ConfigError, match="has a Runner object"):
        plan_adoption(root)


def test_without_pyproject_init_is_meant(tmp_path):
    with pytest.raises(ConfigError, match="hatch-tilebox init"):
        plan_adoption(tmp_path)


@pytest.mark.parametrize(("members", "hint"), [("libs/*", "create one with `uv lock`"), ("*", 'exclude = ["project"]')])
def test_how_a_missing_lock_is_made(project, members, hint):
    """A member of a workspace gets none of its own from `uv lock`."""
    root = project(PROJECT)
    (root / "uv.lock").unlink()
    (root.parent / "pyproject.toml").write_text(f'[tool.uv.workspace]\nmembers = ["{members}"]\n')
    (note,) = [note for note in plan_adoption(root).notes if "uv.lock" in note.message]
    assert hint in note.hint


DIRECT = PROJECT.replace('["tilebox"]', '["tilebox", "acme-common @ git+https://example.com/acme.git"]')


@pytest.mark.parametrize(
    "pyproject",
    [
        DIRECT,
        f'{DIRECT}\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[tool.hatch.metadata] # mine\n',
        f"{DIRECT}\n[tool.hatch]\nmetadata = {{}}\n",
        f"{PROJECT}\n[project.optional-dependencies]\nx = ['acme-common @ https://example.com/acme-1.tar.gz']\n",
        f'{DIRECT}\n[build-system]\nrequires = ["hatch-tilebox"]\nbuild-backend = "hatch_tilebox.backend"\n',
    ],
)
def test_direct_references_are_allowed_where_hatchling_builds(invoke, project, pyproject):
    root = project(pyproject, uv_dot_lock="")
    (root / "uv.lock").unlink()
    report, _, values = adopt(invoke, root)
    assert values["tool"]["hatch"]["metadata"]["allow-direct-references"] is True
    assert any(note["message"].endswith("without it: acme-common") for note in report["notes"])


def test_a_refusal_of_direct_references_is_the_authors(invoke, project):
    pyproject = f"{DIRECT}\n[tool.hatch.metadata]\nallow-direct-references = false\n"
    result = invoke("adopt", project(pyproject, uv_dot_lock=""), "--yes", "--json")
    report = check_output("adopt", result.stdout)
    assert [change["path"] for change in report["changes"]] == ["tilebox.workflow.toml"]
    assert any("allow-direct-references" in note["message"] for note in report["notes"])


FAULTS = {
    'readme = "../README.md"': 2,
    'readme = "README.md"': 2,
    'classifiers = ["Topic :: Nothing That Is Known"]': 2,
    'license = "Proprietary"': 2,
    'license = {file = "../LICENSE"}': 2,
}


@pytest.mark.parametrize("line", FAULTS)
@pytest.mark.parametrize("build_system", ["", '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'])
def test_a_project_that_hatchling_would_refuse_keeps_what_builds_it(invoke, project, line, build_system):
    pyproject = PROJECT.replace("\nversion", f"\n{line}\nversion") + build_system
    root = project(pyproject)
    result = invoke("adopt", root, "--yes", "--json")
    report = check_output("adopt", result.stdout)
    assert (root / "pyproject.toml").read_text() == pyproject
    assert [change["path"] for change in report["changes"]] == ["tilebox.workflow.toml"]
    (note,) = [note for note in report["notes"] if "hatchling would refuse this project: " in note["message"]]
    assert (note["file"], note["line"]) == ("pyproject.toml", 3)
    assert "hatch-tilebox build builds a release all the same" in note["hint"]
    assert check_project(root).errors == []


@pytest.mark.parametrize("line", FAULTS)
def test_a_project_that_no_frontend_builds_is_left_alone(project, line):
    build_system = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    root = project(PROJECT.replace("\nversion", f"\n{line}\nversion") + build_system)
    with pytest.raises(ConfigError, match="hatchling refuses to build this project") as caught:
        plan_adoption(root)
    assert caught.value.problems[0].location == ("pyproject.toml", 3, caught.value.problems[0].location.column)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.hatch]\nbuild = { exclude = ['a'] }\n",
        "[tool]\nhatch = { build = { exclude = ['a'] } }\n",
        "[tool]\nhatch = { version = { path = 'runner.py' } }\n",
        "[tool]\nhatch = {}\n",
        "[tool.hatch.build]\nhooks = {}\n",
    ],
)
def test_inline_tables_of_hatch(invoke, project, text):
    values = adopt(invoke, project(f"{PROJECT}\n{text}"))[2]
    assert values["tool"]["hatch"]["build"]["hooks"]["tilebox"] == {}


def test_a_lock_with_an_sdk_without_runner_is_refused(project):
    lock = '[[package]]\nname = "tilebox-workflows"\nversion = "0.41.0"\n'
    root = project(PROJECT, uv_dot_lock=lock)
    with pytest.raises(ConfigError, match=r"uv\.lock: it has tilebox-workflows 0\.41\.0, which has no Runner") as caught:
        plan_adoption(root)
    assert "uv lock --upgrade-package tilebox-workflows" in str(caught.value)


def test_a_configuration_with_another_name_is_not_written_again(project):
    pyproject = f'{PROJECT}\n[tool.hatch.build.hooks.tilebox]\nconfig = "flow.toml"\n'
    root = project(pyproject, flow_dot_toml="")
    assert [change.path for change in plan_adoption(root).changes] == ["pyproject.toml"]


HOOK = "\n[tool.hatch.build.hooks.tilebox]\nvendor = true\n"


@pytest.fixture
def monorepo(tmp_path):
    """A function that gives a workflow of a uv workspace, without the option `vendor`."""
    root = Path(shutil.copytree(MONOREPO, tmp_path / "monorepo"))
    (root / "uv.lock").write_text(monorepo_lock())

    def make(name):
        pyproject = root / "workflows" / name / "pyproject.toml"
        assert HOOK in pyproject.read_text()
        pyproject.write_text(pyproject.read_text().replace(HOOK, ""))
        return pyproject.parent

    return make


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("coverage", "grids and scenes come from outside the project"),
        ("cleanup", "grids comes from outside the project"),
        ("report", "uv.lock is that of the workspace around the project"),
    ],
)
def test_a_member_of_a_workspace_gets_vendor(invoke, monorepo, name, reason):
    report, text, _ = adopt(invoke, monorepo(name))
    assert text.endswith(HOOK)
    assert [note["message"] for note in report["notes"]] == [f"vendor = true is set, because {reason}"]


def test_a_target_gets_vendor(invoke, monorepo):
    root = monorepo("cleanup")
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.tilebox]\ndependencies = ["hatch-tilebox"]\n')
    _, _, values = adopt(invoke, root)
    assert values["tool"]["hatch"]["build"] == {"targets": {"tilebox": {"dependencies": ["hatch-tilebox"], "vendor": True}}}


def test_a_choice_about_vendor_stays(monorepo):
    root = monorepo("cleanup")
    with (root / "pyproject.toml").open("a") as file:
        file.write(HOOK.replace("true", "false"))
    assert plan_adoption(root).changes == []


def test_a_workspace_without_lock(monorepo):
    root = monorepo("cleanup")
    (root.parents[1] / "uv.lock").unlink()
    adoption = plan_adoption(root)
    assert adoption.changes[0].after.endswith(HOOK)
    assert adoption.notes[-1].message == f"there is no uv.lock in the workspace {root.parents[1]} yet, and a release needs it"


@pytest.mark.parametrize(("path", "vendored"), [("../shared", True), ("libs/shared", False)])
def test_a_path_source_gets_vendor_if_it_is_outside(project, path, vendored):
    text = PROJECT.replace('["tilebox"]', '["tilebox", "shared"]') + f'\n[tool.uv.sources]\nshared = {{ path = "{path}" }}\n'
    root = project(text)
    (root / "uv.lock").unlink()
    assert ("vendor = true" in plan_adoption(root).changes[0].after) is vendored


@pytest.mark.parametrize("name", ["coverage", "report"])
def test_errors_name_vendor_where_it_helps(monorepo, name):
    report = check_project(monorepo(name))
    assert "`vendor = true` under [tool.hatch.build.hooks.tilebox]" in " ".join(
        str(each) for each in report.errors + report.warnings
    )
