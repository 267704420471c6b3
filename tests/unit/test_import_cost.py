"""An unused plugin costs almost nothing: hatchling imports it in every build that has it installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"backports.zstd", "packaging", "compression.zstd", "click", "filelock", "httpx", "platformdirs", "rich", "tomlkit"}
BASELINE = "import hatchling.build, hatchling.plugin, hatchling.builders.wheel"


def modules_after(code):
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["hooks", "frontends.build_hook", "frontends.builder", "backend"])
def test_importing_a_surface_brings_nothing_heavy(module):
    added = modules_after(f"{BASELINE}\nimport hatch_tilebox.{module}") - modules_after(BASELINE)
    assert not {name for name in added for heavy in HEAVY if name == heavy or name.startswith(f"{heavy}.")}
    assert f"hatch_tilebox.{module}" in added


def test_hooks_module_is_tiny():
    """Registering imports only the package and the module itself."""
    added = modules_after(f"{BASELINE}\nimport hatch_tilebox.hooks") - modules_after(BASELINE)
    assert {name for name in added if name.startswith("hatch_tilebox")} == {"hatch_tilebox", "hatch_tilebox.hooks"}


def test_a_build_that_changes_nothing_does_not_import_what_starts_a_runner():
    added = modules_after(f"{BASELINE}\nimport hatch_tilebox.pipeline.build") - modules_after(BASELINE)
    starts = {"ask_runner", "environment", "process", "runner_start", "staging", "worker"}
    assert not added & {f"hatch_tilebox.discovery.{name}" for name in starts}
    assert not added & {"filelock", "hatch_tilebox.core.uv_lock", "hatch_tilebox.plugins", "platformdirs", "pluggy", "tomlkit"}


def modules_of_build(build, project, out):
    """The modules of this package that a build of hatchling imports."""
    code = f"import hatchling.build, os; os.chdir({str(project)!r}); hatchling.build.{build}({str(out)!r})"
    return {name for name in modules_after(code) if name.startswith("hatch_tilebox.")}


def test_an_editable_build_imports_the_hook_alone(small_project, tmp_path):
    project = small_project({"tide_gauge.py": ""})
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build]\ndev-mode-dirs = ["."]\n')  # needs no further package
    found = modules_of_build("build_editable", project, tmp_path)
    packages = {"hatch_tilebox.core", "hatch_tilebox.frontends"}
    assert found == packages | {f"hatch_tilebox.{name}" for name in ("hooks", "frontends.build_hook", "core.constants")}


def test_an_sdist_imports_only_what_selects_files(small_project, tmp_path):
    """The number keeps the cost in view: raise it only for what every sdist needs."""
    found = modules_of_build("build_sdist", small_project(), tmp_path)
    others = ("archive", "compatibility", "discovery", "inputs", "local_run", "pipeline", "plugins", "publish", "report")
    assert not {name for name in found if name.split(".")[1] in others}
    for_a_release = {"core.model", "core.manifest_reader", "core.uv_lock", "project.source_tree", "project.static_metadata"}
    assert not found & {f"hatch_tilebox.{name}" for name in (*for_a_release, "selection.explain", "selection.secrets")}
    assert len(found) <= 52
