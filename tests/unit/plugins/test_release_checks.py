"""Release checks of plugins that are registered by hand; `tests/integration` installs one."""

from __future__ import annotations

import pluggy
import pytest

from hatch_tilebox.core.constants import PLUGIN_GROUP
from hatch_tilebox.core.errors import Location, PluginError
from hatch_tilebox.plugins import Finding, ReleaseFile, hookimpl
from hatch_tilebox.plugins.hookspecs import HookSpecs
from hatch_tilebox.plugins.manager import run_release_checks


def manager(**checks):
    made = pluggy.PluginManager(PLUGIN_GROUP)
    made.add_hookspecs(HookSpecs)
    for name, check in checks.items():
        plugin = type("Plugin", (), {"hatch_tilebox_check_release": staticmethod(hookimpl(check))})
        made.register(plugin(), name=name)
    return made


def test_no_plugin_has_nothing_to_say():
    assert run_release_checks({}, [], manager()) == ()


def test_warnings_come_back_and_errors_of_all_plugins_are_raised_together():
    def one(manifest, files):
        yield Finding.warning("small doubt", hint="look")
        yield Finding.error("first", location=Location("pyproject.toml", 3))

    def two(files):
        return [Finding.error("second")]

    with pytest.raises(PluginError) as caught:
        run_release_checks({}, [], manager(one=one, two=two))
    assert str(caught.value) == "pyproject.toml:3: [one] first\n[two] second"

    (warning,) = run_release_checks({}, [], manager(one=lambda: [Finding.warning("small doubt", hint="look")]))
    assert str(warning) == "[one] small doubt\n  hint: look"


def test_a_check_sees_manifest_and_files_and_cannot_change_the_manifest(tmp_path):
    (tmp_path / "a.txt").write_text("ä", encoding="utf-8")
    manifest = {"tasks": [{"name": "a"}]}

    def check(manifest, files):
        manifest["tasks"].clear()
        yield Finding.warning(f"{files[0].path} {files[0].size} {files[0].mode} {files[0].read_text()} {files[0].read_bytes()!r}")

    files = [ReleaseFile("a.txt", 2, "0644", tmp_path / "a.txt")]
    (warning,) = run_release_checks(manifest, files, manager(one=check))
    assert warning.message == f"[one] a.txt 2 0644 ä {'ä'.encode()!r}"
    assert manifest == {"tasks": [{"name": "a"}]}


def test_a_check_that_fails_or_speaks_gibberish_stops_the_release():
    def failing(manifest):
        return manifest["missing"]

    with pytest.raises(PluginError, match=r'(?s)the plugin "rules" .* failed.*KeyError') as caught:
        run_release_checks({}, [], manager(rules=failing))
    assert "Traceback" not in str(caught.value)
    with pytest.raises(PluginError, match="returned 'oops', which is not a Finding"):
        run_release_checks({}, [], manager(rules=lambda: ["oops"]))


def test_a_check_may_find_nothing():
    assert run_release_checks({}, [], manager(rules=lambda: None)) == ()
