"""`hatch-tilebox files` shows the selection, and why a path is or is not in it."""

from __future__ import annotations

import pytest
from output_schema import check_output

SECRET = "-----BEGIN OPENSSH PRIVATE " + f"KEY-----\n{'b3BlbnNzaC1rZXk' * 8}\n"


@pytest.fixture
def project(small_project):
    return small_project({"tide/__init__.py": "", "tide/levels.py": "x = 1\n" * 400, ".gitignore": "build/\n", "build/x.py": "\n"})


def test_json_lists_paths_and_sizes_in_the_order_of_the_archive(invoke, project):
    result = invoke("files", project, "--json")
    report = check_output("files", result.stdout)
    assert set(report) == {"files", "generated", "warnings"}
    assert [file["path"] for file in report["files"]] == [
        "pyproject.toml",
        "runner.py",
        "tide/__init__.py",
        "tide/levels.py",
        "uv.lock",
    ]
    assert all(file["size"] == (project / file["path"]).stat().st_size for file in report["files"])
    assert report["warnings"] == []
    assert result.stderr == ""


def test_largest_first(invoke, project):
    report = check_output("files", invoke("files", project, "--json", "--largest").stdout)
    sizes = [file["size"] for file in report["files"]]
    assert sizes == sorted(sizes, reverse=True)
    lines = invoke("files", project, "--largest").stdout.splitlines()
    assert lines[0].split() == ["2.3", "KiB", "tide/levels.py"]
    assert lines[-1].split()[2:] == ["5", "files"]


def test_the_tree_has_every_file_under_its_folder(invoke, project):
    lines = invoke("files", project).stdout.splitlines()
    assert lines[0].startswith("project/  5 files, ")
    start = next(number for number, line in enumerate(lines) if "tide/" in line)
    assert lines[start].endswith("tide/  2 files, 2.3 KiB")
    assert [line.split("── ")[1] for line in lines[start + 1 : start + 3]] == ["__init__.py  0 B", "levels.py  2.3 KiB"]


def test_long_paths_are_not_cut_on_a_narrow_terminal(invoke, small_project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    name = f"{'long' * 20}.py"
    project = small_project({name: ""})
    assert name in invoke("files", project).stdout
    assert name in invoke("files", project, "--largest").stdout


def test_warnings_are_objects_with_their_place(invoke, small_project):
    project = small_project()
    config = project / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace('"**/*.py"', '"*.py", "data/**"'))
    (warning,) = check_output("files", invoke("files", project, "--json").stdout)["warnings"]
    assert (warning["file"], warning["line"], warning["column"]) == ("tilebox.workflow.toml", 6, 49)
    result = invoke("files", project)
    assert "tilebox.workflow.toml:6:49" in result.stderr
    assert invoke("files", project, "-qq").stderr == ""


def test_what_stops_a_build_is_told_after_the_list(invoke, small_project):
    project = small_project({"deploy_key.py": SECRET})
    result = invoke("files", project, "--json")
    assert result.exit_code == 1
    assert "deploy_key.py" in [file["path"] for file in check_output("files", result.stdout)["files"]]
    assert "deploy_key.py" in result.stderr


@pytest.mark.parametrize(
    ("path", "selected", "rule", "place"),
    [
        ("tide/levels.py", True, None, ("tilebox.workflow.toml", 6)),
        ("build/x.py", False, "ignore", (".gitignore", 1)),
        ("tilebox.workflow.toml", False, None, (None, None)),
    ],
)
def test_why(invoke, project, path, selected, rule, place):
    report = check_output("files", invoke("files", project, "--why", path, "--json").stdout)
    assert (report["path"], report["selected"], report["rule"]) == (path, selected, rule)
    assert (report["file"], report["line"]) == place
    text = invoke("files", project, "--why", path).stdout
    assert report["reason"] in text


def test_why_takes_paths_from_where_one_is(invoke, project, monkeypatch):
    monkeypatch.chdir(project / "tide")
    report = check_output("files", invoke("files", "--why", "levels.py", "--json").stdout)
    assert report["path"] == "tide/levels.py"


def test_why_does_not_depend_on_the_working_folder(invoke, project, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "tide").mkdir(parents=True)
    (elsewhere / "tide" / "levels.py").write_text("")
    reports = []
    for here in (elsewhere, project, project / "tide"):
        monkeypatch.chdir(here)
        reports.append(check_output("files", invoke("files", project, "--why", "tide/levels.py", "--json").stdout))
    assert [report["path"] for report in reports] == ["tide/levels.py"] * 3


def test_why_of_what_is_not_there(invoke, project):
    result = invoke("files", project, "--why", "nowhere.py")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nowhere.py" in result.stderr
