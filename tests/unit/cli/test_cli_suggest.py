"""`hatch-tilebox files --suggest`: patterns for what the runner imports and names, and what nothing uses."""

from __future__ import annotations

from output_schema import check_output

RUNNER = """\
from pathlib import Path
from tilebox.workflows import Runner
from flow.tasks import Check

TABLE = Path(__file__).with_name("bands.csv")
runner = Runner(tasks=[Check])
"""
TASKS = """\
from pathlib import Path
from tilebox.workflows import Task

class Check(Task):
    def execute(self, context):
        from flow import lazy
        return Path("flow/masks") / self.name
"""
FILES = {
    "runner.py": RUNNER,
    "bands.csv": "",
    "notes.csv": "",
    "flow/__init__.py": "",
    "flow/tasks.py": TASKS,
    "flow/lazy.py": "",
    "flow/unused.py": "",
    "flow/masks/clouds.txt": "",
    "tilebox.workflow.toml": '[workflow]\nslug = "a"\nrunner = "runner:runner"\n\n[build]\ninclude = ["**"]\n',
}


def test_imports_lazy_ones_too_and_named_files_are_needed(invoke, small_project):
    result = invoke("files", small_project(FILES), "--suggest", "--json")
    assert check_output("files", result.stdout) == {
        "include": ["pyproject.toml", "uv.lock", "flow/*.py", "runner.py", "bands.csv", "flow/masks/clouds.txt"],
        "unused": ["flow/unused.py", "notes.csv", "tilebox.workflow.toml"],
    }


def test_a_named_file_and_an_import_that_are_not_selected_are_needed(invoke, small_project):
    config = FILES["tilebox.workflow.toml"].replace('"**"', '"pyproject.toml", "uv.lock", "runner.py"')
    result = invoke("files", small_project({**FILES, "tilebox.workflow.toml": config}), "--suggest", "--json")
    assert check_output("files", result.stdout) == {
        "include": ["pyproject.toml", "uv.lock", "flow/*.py", "runner.py", "bands.csv"],
        "unused": [],
    }


def test_it_is_shown_as_the_table_to_write(invoke, small_project):
    shown = invoke("files", small_project(FILES), "--suggest").stdout
    assert shown.startswith('[build]\ninclude = ["pyproject.toml", "uv.lock", "flow/*.py", ')
    assert "# no module imports or names notes.csv\n" in shown


def test_without_a_module_nothing_is_known(invoke, small_project):
    config = FILES["tilebox.workflow.toml"].replace('runner = "runner:runner"', 'command = ["work"]')
    result = invoke("files", small_project({"tilebox.workflow.toml": config}), "--suggest")
    assert result.exit_code == 1
    assert "its imports are not known" in result.stderr
