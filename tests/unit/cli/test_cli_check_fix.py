"""`check --fix` changes only what it reports, and keeps the style of files."""

from __future__ import annotations

import pathlib

import pytest
from output_schema import check_output

HEAD = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox"]\n'
OWN_BUILD = '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_misspelt_key_is_renamed_in_place(invoke, small_project):
    project = small_project()
    config = project / "tilebox.workflow.toml"
    text = '# ours\r\n[workflow]\r\n\'slog\'  = "tide-gauge" # unchanged\r\nrunner = "runner:runner"\r\n[ biuld ]\r\ninclude=["**"]'
    config.write_bytes(text.encode())
    result = invoke("check", "--fix", project)
    assert result.exit_code == 0, result.stderr
    assert config.read_bytes().decode() == text.replace("'slog'", "slug").replace("biuld", "build")
    assert "-[ biuld ]\n+[ build ]\n" in result.stderr
    assert result.stdout.endswith("\n")


def test_an_option_of_the_build_is_renamed(invoke, small_project):
    project = small_project()
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'max_size = "1 MiB"  # enough\n')
    assert "(1 fixable with check --fix)" in invoke("check", project).stderr
    assert invoke("check", "--fix", project).exit_code == 0
    assert pyproject.read_text().endswith('max-size = "1 MiB"  # enough\n')


def test_missing_files_are_included(invoke, small_project):
    project = small_project({"bands/__init__.py": "", "bands/names.py": "", "ignored.py": "", ".gitignore": "ignored.py\n"})
    edit(project / "runner.py", "", "import bands.names\nimport ignored\n")
    config = project / "tilebox.workflow.toml"
    old = config.read_text()
    lines = [line for line in old.splitlines() if not line.startswith("include")]
    config.write_text("\n".join([*lines, 'include = [\n    "runner.py", # the worker\n]']) + "\n")
    result = invoke("check", "--fix", "--json", project)
    report = check_output("check", result.stdout)
    text = config.read_text()
    for name in ("pyproject.toml", "uv.lock", "bands/__init__.py", "bands/names.py"):
        assert f'    "{name}",\n' in text
    assert '"runner.py", # the worker\n' in text
    assert "ignored.py" not in text
    assert [change["path"] for change in report["changes"]] == ["tilebox.workflow.toml"]
    assert [(warning["code"], warning["message"].split()[0]) for warning in report["warnings"]] == [("TBX105", "ignored.py")]


def test_a_project_that_cannot_be_installed_and_need_not(invoke, small_project):
    project = small_project({"pyproject.toml": HEAD + OWN_BUILD})
    before = invoke("check", project)
    assert before.exit_code == 1
    assert "error[TBX213]: release runners install the project because it has a build system" in before.stderr
    invoke("check", "--fix", project)
    assert (project / "pyproject.toml").read_text() == HEAD + OWN_BUILD + "\n[tool.uv]\npackage = false\n"
    assert "TBX213" not in invoke("check", project).stderr


@pytest.mark.parametrize(
    "more",
    [
        '[tool.hatch.build.targets.wheel]\nonly-include = ["runner.py"]\n',
        "[tool.uv]\npackage = true\n",
        "[tool.hatch.build.hooks.custom]\n",
        "[tool.uv]\npackage = false\n",
    ],
)
def test_a_project_that_chose_is_left_alone(invoke, small_project, more):
    project = small_project({"pyproject.toml": HEAD + OWN_BUILD + more})
    assert "TBX213" not in invoke("check", "--fix", project).stderr
    assert (project / "pyproject.toml").read_text() == HEAD + OWN_BUILD + more


def test_a_module_with_the_name_of_the_project_can_be_installed(invoke, small_project):
    project = small_project({"pyproject.toml": HEAD + OWN_BUILD, "tide_gauge.py": ""})
    assert "TBX213" not in invoke("check", project).stderr


def test_what_is_not_sure_stays(invoke, small_project):
    """Two misspelt keys for one name, one that is there already, and a key of another file."""
    project = small_project()
    config = project / "tilebox.workflow.toml"
    edit(config, "[workflow]\n", '[workflow]\nslugg = "a"\nrunnner = "b"\nallow-secrets = []\n')
    before = config.read_text()
    result = invoke("check", "--fix", project)
    assert result.exit_code == 1
    assert config.read_text() == before
    assert "Found 3 errors\n" in result.stderr


def test_nothing_to_fix_writes_nothing(invoke, small_project):
    project = small_project()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in project.iterdir()}
    assert invoke("check", "--fix", project).exit_code == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in project.iterdir()} == before


def test_a_link_out_of_the_project_is_not_followed(invoke, small_project, tmp_path):
    project = small_project()
    config, outside = project / "tilebox.workflow.toml", tmp_path / "outside.toml"
    edit(config, "include", "inclde")
    config.rename(outside)
    config.symlink_to(outside)
    before = outside.read_text()
    result = invoke("check", "--fix", project)
    assert result.exit_code == 1
    assert "outside the project" in result.stderr
    assert outside.read_text() == before
    assert pathlib.Path(config).is_symlink()


def test_a_lock_that_uv_cannot_write_is_reported(invoke, small_project, monkeypatch):
    monkeypatch.setenv("UV", "/bin/false")
    project = small_project({"uv.lock": None})
    result = invoke("check", "--fix", project)
    assert "TBX032" in result.stderr
    assert "uv.lock was updated" not in result.stderr
    assert not (project / "uv.lock").exists()
