"""`hatch-tilebox check` tells everything that needs no user code, in one go."""

from __future__ import annotations

import pytest
from output_schema import check_output

SECRET = "-----BEGIN OPENSSH PRIVATE " + f"KEY-----\n{'b3BlbnNzaC1rZXk' * 8}\n"

HATCHLING = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def check(invoke, project, *options):
    """Exit code and JSON of a check."""
    result = invoke("check", project, "--json", *options)
    return result.exit_code, check_output("check", result.stdout)


def test_a_good_project_passes(invoke, small_project):
    assert check(invoke, small_project()) == (0, {"ok": True, "errors": [], "warnings": []})


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
    assert 'did you mean "max-size"?' in report["errors"][0]["message"]
    assert 'did you mean "include"?' in report["errors"][1]["message"]


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
    project = small_project({"pyproject.toml": '[project]\nname = "tide-gauge"\nversion = "1"\n'})
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
    project = small_project({"pyproject.toml": build + '[project]\nname = "tide-gauge"\nversion = "1"\n'})
    assert check(invoke, project) == (0, {"ok": True, "errors": [], "warnings": []})


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
