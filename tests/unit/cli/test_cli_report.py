"""The command `report`: its outputs and its usage."""

from __future__ import annotations

import json

import pytest
from output_schema import check_output
from report_samples import job, next_release, release


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "job.json").write_text(json.dumps(job()))
    return release(tmp_path), next_release(tmp_path), tmp_path / "job.json"


@pytest.mark.parametrize(
    ("arguments", "name", "title"),
    [
        ([0], "scene_qa-1.0.0.html", "scene-qa 1.0.0"),
        ([0, 1], "scene_qa-1.0.0-to-scene_qa-1.1.0.html", "scene-qa 1.0.0 → 1.1.0"),
        (["--run", 2], "job.html", "Run of Check"),
        ([0, "--run", 2], "scene_qa-1.0.0.html", "scene-qa 1.0.0"),
    ],
)
def test_html_is_written_to_a_file(invoke, files, tmp_path, arguments, name, title):
    result = invoke("report", *(files[item] if isinstance(item, int) else item for item in arguments))
    assert (result.exit_code, result.stdout) == (0, f"{name}\n")
    assert f"<title>{title}</title>" in (tmp_path / "here" / name).read_text("utf-8")


@pytest.mark.parametrize(("form", "start"), [("markdown", "## `"), ("mermaid", "flowchart LR\n"), ("json", "{\n")])
def test_other_formats_are_printed_or_written(invoke, files, form, start, tmp_path):
    printed = invoke("report", files[0], "--format", form).stdout
    assert printed.startswith(start)
    assert invoke("report", files[0], "--format", form, "-o", "out/report.txt").stdout == "out/report.txt\n"
    assert (tmp_path / "here/out/report.txt").read_text("utf-8") == printed
    assert invoke("report", files[0], "--format", "html", "-o", "-").stdout.startswith("<!doctype html>")


def test_json_is_as_the_schema_says(invoke, files):
    found = check_output("report", invoke("report", files[0], files[1], "--run", files[2], "--json").stdout)
    assert (found["verdict"], found["release"]["version"], found["old"]["version"]) == ("breaking", "1.1.0", "1.0.0")
    names = [task["name"].rpartition("/")[2] for task in found["graph"]["tasks"]]
    edges = {(names[edge["from"]], names[edge["to"]], edge["kind"], edge["count"]) for edge in found["graph"]["edges"]}
    assert {
        ("Check", "CheckScene", "submits", 2),
        ("CheckScene", "Report", "before", 1),
        ("Report", "Archive", "submits", 1),
    } <= edges
    alone = check_output("report", invoke("report", "--run", files[2], "--json").stdout)
    assert (alone["release"], alone["run"]) == (None, {"state": "completed", "tasks": 5})


def test_edges_that_only_the_source_shows(invoke, files):
    found = check_output("report", invoke("report", files[0], "--json").stdout)
    assert {edge["count"] for edge in found["graph"]["edges"]} == {0}


def test_the_browser_is_opened(invoke, files, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert invoke("report", files[0], "--open").exit_code == 0
    assert opened == [(tmp_path / "here/scene_qa-1.0.0.html").as_uri()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a release, two releases, or a run"),
        ([0, 0, 0], "one release, or two"),
        ([0, "--open", "--format", "json"], "--open needs an HTML file"),
        ([0, "--open", "-o", "-"], "--open needs an HTML file"),
        ([0, "--json", "--format", "html"], "--json and --format html"),
    ],
)
def test_usage(invoke, files, arguments, message):
    result = invoke("report", *(files[item] if isinstance(item, int) else item for item in arguments))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_damaged_release_leaves_no_report(invoke, files, tmp_path):
    data = files[0].read_bytes()
    (tmp_path / "cut.tbrelease").write_bytes(data[: len(data) - 30])
    result = invoke("report", tmp_path / "cut.tbrelease")
    assert result.exit_code == 1
    assert "error[TBX400]: " in result.stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_an_unreadable_run_is_explained(invoke, files, tmp_path):
    (tmp_path / "job.json").write_text("{}")
    result = invoke("report", "--run", files[2])
    assert result.exit_code == 1
    assert "error[TBX608]: it is not the result of a run" in result.stderr
