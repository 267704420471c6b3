"""`hatch-tilebox check` reports everything that can be found without running user code."""

from __future__ import annotations

import pytest
from output_schema import check_output

SECRET = "-----BEGIN OPENSSH PRIVATE " + f"KEY-----\n{'b3BlbnNzaC1rZXk' * 8}\n"

PROJECT = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\ndependencies = ["tilebox"]\n'
HATCHLING = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def check(invoke, project, *options):
    """Exit code and JSON of a check."""
    result = invoke("check", project, "--json", *options)
    return result.exit_code, check_output("check", result.stdout)


def test_a_good_project_passes(invoke, small_project):
    assert check(invoke, small_project()) == (
        0,
        {"ok": True, "errors": [], "warnings": [], "unseen": [], "runners": [], "tasks": [], "vendored": [], "changes": []},
    )


def test_what_only_the_build_backend_can_compute_is_said_not_to_be_looked_at(invoke, small_project):
    backend = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    project = small_project({"setup.py": "open('code-was-run', 'w')\n"})
    metadata = PROJECT.replace('version = "0.1.0"', 'dynamic = ["version"]')
    (project / "pyproject.toml").write_text(metadata + backend)
    assert check(invoke, project)[1]["unseen"] == ["version"]
    assert "no code was run to compute the version" in invoke("check", project).stdout
    assert not (project / "code-was-run").exists()


@pytest.mark.parametrize(
    "line",
    [
        'readme = "../README.md"',
        'classifiers = ["Topic :: Nothing That Is Known"]',
        'license = "Proprietary"',
        'license = {text = "ours"}',
        'license-files = ["../LICENSE"]',
        'urls = {Home = "not a url"}',
    ],
)
@pytest.mark.parametrize("build_system", ["", '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'])
def test_rules_of_hatchling_are_for_projects_that_it_builds(invoke, small_project, line, build_system):
    project = small_project({"pyproject.toml": f"{PROJECT}{line}\n\n{build_system}"})
    assert check(invoke, project)[1]["errors"] == []


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ('version = "0.1.0"\n', "", 1, "project: version is missing"),
        ("0.1.0", "one", 3, 'project.version: "one" is not a version'),
        ("tide-gauge", "tide gauge", 2, 'project.name: "tide gauge" is not a name of a project'),
        ('version = "0.1.0"', 'version = "0.1.0"\nrequires-python = "3"', 4, 'project.requires-python: "3" is not a range'),
        ('"0.1.0"', '"0.1.0"\ndynamic = ["version"]', 3, "project.version: is given here and listed in dynamic"),
        ('"0.1.0"', '"0.1.0"\ndynamic = ["name"]', 4, "project.dynamic: the name of a project cannot be dynamic"),
    ],
)
def test_metadata_that_a_release_needs(invoke, small_project, before, after, line, message):
    code, report = check(invoke, small_project({"pyproject.toml": PROJECT.replace(before, after)}))
    assert code == 1
    assert any(error["line"] == line and error["message"].startswith(message) for error in report["errors"]), report["errors"]


def test_the_option_config_names_the_file(invoke, small_project):
    project = small_project()
    (project / "deploy").mkdir()
    (project / "tilebox.workflow.toml").rename(project / "deploy" / "flow.toml")
    config = project / "deploy" / "flow.toml"
    config.write_text(config.read_text().replace("[workflow]", '[workflow]\nroot = ".."'))
    assert check(invoke, project)[0] == 1
    with (project / "pyproject.toml").open("a") as file:
        file.write('config = "deploy/flow.toml"\n')
    assert check(invoke, project)[1]["errors"] == []
    assert check(invoke, project / "deploy")[1]["errors"] == []


def test_a_project_named_like_a_dependency(invoke, small_project):
    project = small_project({"pyproject.toml": PROJECT.replace("tide-gauge", "Tilebox")})
    code, report = check(invoke, project)
    assert code == 1
    assert any("is also one of its dependencies" in error["message"] for error in report["errors"])


def test_text_goes_to_stdout_only_when_all_is_well(invoke, small_project):
    result = invoke("check", small_project())
    assert result.exit_code == 0
    assert result.stdout.startswith("ok: 3 files, ")
    assert result.stderr == ""


def test_quiet_says_nothing_about_a_good_project(invoke, small_project):
    assert invoke("check", small_project(), "-q").output == ""


def test_problems_of_all_files_are_told_together(invoke, small_project):
    project = small_project()
    config, pyproject = project / "tilebox.workflow.toml", project / "pyproject.toml"
    config.write_text(config.read_text().replace("include", "inclde"))
    pyproject.write_text(pyproject.read_text() + 'max-sise = "1 MiB"\n')
    code, report = check(invoke, project)
    assert code == 1
    assert [(problem["file"], problem["line"]) for problem in report["errors"]] == [
        ("pyproject.toml", 15),
        ("tilebox.workflow.toml", 6),
    ]
    assert [problem["hint"] for problem in report["errors"]] == ['did you mean "max-size"?', 'did you mean "include"?']
    assert [problem["code"] for problem in report["errors"]] == ["TBX012", "TBX012"]


def test_broken_metadata_does_not_hide_a_broken_configuration(invoke, small_project):
    project = small_project({"pyproject.toml": "[project]\nname = \n", "tilebox.workflow.toml": "[workflow]\nslug = 1\n"})
    code, report = check(invoke, project)
    assert code == 1
    assert (report["errors"][0]["file"], report["errors"][0]["line"]) == ("pyproject.toml", 2)
    assert {problem["file"] for problem in report["errors"][1:]} == {"tilebox.workflow.toml"}


def test_the_runner_object_must_be_there(invoke, small_project):
    project = small_project({"runner.py": "from tilebox.workflows import Runner\n\nmy_runner = Runner(tasks=[])\n"})
    code, report = check(invoke, project)
    assert code == 1
    (error,) = report["errors"]
    assert (error["file"], error["line"]) == ("tilebox.workflow.toml", 3)
    assert error["hint"] == 'did you mean "runner:my_runner"?'


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import *\n",
        "def __getattr__(name): ...\n",
        "try:\n    from a import runner\nexcept ImportError:\n    runner = None\n",
        "if True:\n    with open('x') as runner: ...\n",
        "for runner in (): ...\n",
        "globals()['runner'] = 1\n",
        "(runner := 1)\n",
        "import runner.tasks\n",
        "match 1:\n    case runner: ...\n",
    ],
)
def test_a_runner_that_may_be_there_is_not_missed(invoke, small_project, source):
    code, report = check(invoke, small_project({"runner.py": source}))
    assert (code, report["errors"]) == (0, [])


@pytest.mark.parametrize(
    "source",
    [
        "def make():\n    runner = 1\n",
        "class A:\n    runner = 1\n",
        "print(runner)\n",
        "[runner for x in ()]\n",
        "",
        "a.runner = 1\n",
    ],
)
def test_a_name_of_another_scope_is_no_runner(invoke, small_project, source):
    code, report = check(invoke, small_project({"runner.py": source}))
    assert code == 1
    assert "'runner'" in report["errors"][0]["message"]


def test_source_that_this_python_cannot_read_is_a_doubt(invoke, small_project):
    code, report = check(invoke, small_project({"runner.py": "runner = (\n"}))
    assert code == 0
    assert (report["warnings"][0]["file"], report["warnings"][0]["line"]) == ("runner.py", 1)


def test_strict_lets_doubts_fail(invoke, small_project):
    project = small_project({"uv.lock": None})
    assert check(invoke, project)[0] == 0
    code, report = check(invoke, project, "--strict")
    assert (code, report["ok"], report["errors"]) == (1, False, [])
    assert report["warnings"]


def test_secrets_fail(invoke, small_project):
    project = small_project({"deploy_key.py": SECRET})
    code, report = check(invoke, project)
    assert code == 1
    assert [problem["file"] for problem in report["errors"]] == ["deploy_key.py"]


def test_a_build_without_release_is_a_doubt(invoke, small_project):
    project = small_project({"pyproject.toml": PROJECT})
    code, report = check(invoke, project)
    assert code == 0
    assert [problem["hint"] for problem in report["warnings"]] == ["run: hatch-tilebox adopt"]


@pytest.mark.parametrize(
    "build",
    [
        '[build-system]\nrequires = ["hatch-tilebox"]\nbuild-backend = "hatch_tilebox.backend"\n',
        f"{HATCHLING}[tool.hatch.build.targets.tilebox]\n",
        f"{HATCHLING}[tool.hatch.build.targets.wheel.hooks.tilebox]\n",
    ],
)
def test_every_way_to_ask_for_a_release_counts(invoke, small_project, build):
    project = small_project({"pyproject.toml": f"{build}{PROJECT}[tool.uv]\npackage = false\n"})
    assert check(invoke, project) == (
        0,
        {"ok": True, "errors": [], "warnings": [], "unseen": [], "runners": [], "tasks": [], "vendored": [], "changes": []},
    )


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("import bands\n", ["bands/__init__.py"]),
        ("import os, bands.names as n\n", ["bands/__init__.py", "bands/names.py"]),
        ("def f():\n    from bands import names, NOTHING\n", ["bands/__init__.py", "bands/names.py"]),
        ("from bands.names import RED\n", ["bands/__init__.py", "bands/names.py"]),
        ("from .bands import names\nimport json, tilebox\n", []),
        ("import flow.steps\n", []),
    ],
)
def test_an_import_of_what_is_not_selected_is_a_doubt(invoke, small_project, source, missing):
    project = small_project({
        "runner.py": f"{source}runner = 1\n", "bands/__init__.py": "", "bands/names.py": "",
        "flow/__init__.py": "", "flow/steps.py": "from . import shapes\nfrom .shapes import Box\n", "flow/shapes.py": "",
    })  # fmt: skip
    config = project / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("**/*.py", "runner.py").replace('"]', '", "flow/**"]'))
    code, report = check(invoke, project)
    assert code == 0
    assert [problem["message"].split()[0] for problem in report["warnings"]] == missing
    assert {problem["file"] for problem in report["warnings"]} <= {"runner.py"}


def test_a_relative_import_of_what_is_not_selected_is_a_doubt(invoke, small_project):
    project = small_project(
        {"flow/__init__.py": "", "flow/a/__init__.py": "", "flow/a/b.py": "\nfrom ..c import X\n", "flow/c.py": ""}
    )
    config = project / "tilebox.workflow.toml"
    config.write_text(config.read_text() + 'exclude = ["flow/c.py"]\n')
    (warning,) = check(invoke, project)[1]["warnings"]
    assert (warning["file"], warning["line"]) == ("flow/a/b.py", 2)
    assert warning["message"].startswith("flow/c.py ")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"0.1.0"', '"0.2.0"', "it is for version 0.1.0 of tide-gauge, not 0.2.0"),
        ('["tilebox"]', '["tilebox", "Click>=8"]', "it lacks click"),
        ('["tilebox"]', "[]", "it has tilebox, which is not a dependency any more"),
        ('"tide-gauge"', '"tide-mark"', "it has no entry for tide-mark"),
        (
            "[tool.uv]",
            "[project.optional-dependencies]\nplots = [\"matplotlib; python_version > '3'\"]\n[tool.uv]",
            "it lacks matplotlib",
        ),
    ],
)
def test_a_lock_that_cannot_fit_is_stale(invoke, small_project, old, new, reason):
    project = small_project()
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(old, new))
    code, report = check(invoke, project)
    (error,) = report["errors"]
    assert (code, error["file"], error["message"]) == (1, "uv.lock", f"it is stale: {reason}")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lock: f"<<<<<<< HEAD\n{lock}=======\n>>>>>>> other\n", "a merge left conflicts in it"),
        (lambda lock: lock.replace("source = {", "source = ["), "not valid TOML: "),
        (lambda lock: lock.replace("requires-dist = [{ name =", "requires-dist = [{ nam ="), "it does not have the shape"),
        (lambda lock: lock.replace("requires-dist = [", "requires-dist = 3 # ["), "it does not have the shape"),
    ],
)
def test_a_lock_that_is_damaged(invoke, small_project, damage, message):
    project = small_project()
    lock = project / "uv.lock"
    lock.write_text(damage(lock.read_text()))
    (error,) = check(invoke, project)[1]["errors"]
    assert error["file"] == "uv.lock"
    assert error["message"].startswith(message)
    assert error["hint"].endswith("then run: uv lock")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"tide-gauge"', '"Tide_Gauge"'),
        ('"0.1.0"', '"0.1"'),
        ('version = "0.1.0"', 'dynamic = ["version"]\n[tool.hatch.version]\nsource = "env"\nvariable = "HOME"\n[project.scripts]'),
        ('["tilebox"]', "[\"Tilebox[x]>=0.50; sys_platform != 'win32'\"]"),
    ],
)
def test_a_lock_that_may_fit_is_not_doubted(invoke, small_project, old, new):
    project = small_project()
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(old, new))
    assert not [error for error in check(invoke, project)[1]["errors"] if error["file"] == "uv.lock"]


def test_a_dependency_that_no_release_holds_is_a_doubt(invoke, small_project):
    project = small_project()
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + '\n[tool.uv.sources]\ntilebox = { path = "../tilebox" }\n')
    code, report = check(invoke, project)
    (warning,) = report["warnings"]
    assert (code, warning["file"]) == (0, "pyproject.toml")
    assert warning["message"].startswith("tilebox comes from ../tilebox, which is outside")


def test_no_code_of_the_project_runs(invoke, small_project, tmp_path):
    """Neither the runner, nor a version that code computes, nor a metadata hook."""
    mark = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    project = small_project({"runner.py": f"{mark}runner = 1\n", "hatch_build.py": mark, "about.py": f"{mark}__version__ = '1'\n"})
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace('version = "0.1.0"', 'dynamic = ["version"]')
    pyproject.write_text(
        f'{text}\n[tool.hatch.version]\nsource = "code"\npath = "about.py"\n\n[tool.hatch.metadata.hooks.custom]\n'
    )
    assert check(invoke, project)[0] == 0
    assert invoke("files", project).exit_code == 0
    assert not (tmp_path / "ran").exists()


def test_there_must_be_a_project(invoke, tmp_path):
    result = invoke("check", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no tilebox.workflow.toml" in result.stderr
    code, report = check(invoke, tmp_path)
    assert (code, report["ok"], len(report["errors"])) == (1, False, 1)
