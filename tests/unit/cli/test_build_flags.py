"""Every option of a build is a flag of `build`."""

from __future__ import annotations

import click
import pytest

from hatch_tilebox.cli.build_flags import NOT_FLAGS, build_flags, given_settings
from hatch_tilebox.core.errors import Problem, TileboxError
from hatch_tilebox.project.build_options import load_options, option_keys

GIVEN = {
    "config": (["--config", "a.toml"], "a.toml"),
    "output-dir": (["--out", "releases"], "releases"),
    "runtime": (["--runtime", "import"], "import"),
    "startup-timeout": (["--startup-timeout", "2.5"], 2.5),
    "max-size": (["--max-size", "500 MB"], 500_000_000),
    "allow-secrets": (["--allow-secrets", "a", "--allow-secrets", "b,c"], ("a", "b,c")),
    "pass-environment": (["--pass-environment", "ACME_*"], ("ACME_*",)),
    "runners": (["--runners", "linux-x86_64-cp312"], ("linux-x86_64-cp312",)),
    "vendor": (["--vendor"], True),
    "sbom": (["--sbom"], True),
    "provenance": (["--provenance"], True),
    "cache": (["--no-cache"], False),
}


def options_of(arguments):
    @click.command()
    @build_flags
    def command(**given):
        return given_settings(given)

    settings = command.main(arguments, standalone_mode=False)
    return load_options({}, where="tool.hatch.build.hooks.tilebox", environ={}, settings=settings), settings


def test_all_options_but_those_of_wheels_and_sdists_are_flags():
    assert {key.name for key in option_keys()} - NOT_FLAGS == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_a_flag_sets_its_option(name):
    arguments, value = GIVEN[name]
    options, settings = options_of(arguments)
    assert getattr(options, name.replace("-", "_")) == value
    assert set(settings) == {f"tilebox.{name}"}


def test_without_flags_nothing_is_set():
    assert options_of([])[1] == {}


def test_a_wrong_value_names_the_setting(invoke, small_project):
    result = invoke("build", small_project(), "--startup-timeout", "soon", "--json")
    assert result.exit_code == 1
    assert "tilebox.startup-timeout" in result.stderr


def test_help_shows_the_variables(invoke):
    text = " ".join(invoke("build", "--help").stdout.split())
    for key in option_keys():
        assert (f"[env: HATCH_TILEBOX_{key.name.upper().replace('-', '_')}]" in text) == (key.name not in NOT_FLAGS)


def test_a_relative_output_folder_is_one_of_the_current_folder(invoke, small_project, tmp_path, monkeypatch):
    project = small_project()
    monkeypatch.chdir(tmp_path)
    seen = []

    def stop(_project, settings, *_):
        seen.append(settings)
        raise TileboxError(Problem("seen"))

    monkeypatch.setattr("hatch_tilebox.cli.build._build", stop)
    invoke("build", project, "--output-dir", "out")
    assert seen == [{"tilebox.output-dir": str(tmp_path / "out")}]
