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
