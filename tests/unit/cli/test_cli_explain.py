"""`hatch-tilebox explain` has a text for every code, without network or project."""

from __future__ import annotations

import pytest
from click.shell_completion import CompletionItem
from output_schema import check_output

from hatch_tilebox.cli.completions import add_completions
from hatch_tilebox.cli.explain import command
from hatch_tilebox.codes.registry import all_codes


def test_one_code(invoke):
    result = invoke("explain", "tbx12")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("TBX012: a key is unknown\n\n")
    assert "\nFix: Use the name of the hint" in result.stdout


def test_all_codes(invoke):
    lines = invoke("explain").stdout.splitlines()
    assert lines[0] == "Configuration"
    assert [line.split()[0] for line in lines if line.startswith("  TBX")] == [code.name for code in all_codes()]


def test_json(invoke):
    assert len(check_output("explain", invoke("explain", "--json").stdout)["codes"]) == len(all_codes())
    (code,) = check_output("explain", invoke("explain", "--json", "TBX110").stdout)["codes"]
    assert code["code"] == "TBX110"
    assert code["title"] == "a file looks like a secret"


@pytest.mark.parametrize("code", ["TBX999", "E501", "\x1b[31m", ""])
def test_unknown_codes(invoke, code):
    result = invoke("explain", code)
    assert result.exit_code == 2
    assert "hatch-tilebox explain lists all codes" in " ".join(result.stderr.split())
    assert "\x1b" not in result.stderr


def test_codes_are_completed():
    add_completions(command)
    (argument,) = (parameter for parameter in command.params if parameter.name == "code")
    found = argument.shell_complete(command.make_context("explain", []), "tbx01")
    assert all(isinstance(item, CompletionItem) and item.value.startswith("TBX01") for item in found)
    assert len(found) > 5
