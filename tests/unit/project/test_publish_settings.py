from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.toml_document import Document
from hatch_tilebox.project.publish_settings import load_settings, publish_keys, read_user_table
from hatch_tilebox.publish.settings import Settings


def settings_of(project=None, root=Path(), **layers):
    """The settings of a project with this table, which is written nowhere."""
    document = Document("pyproject.toml", "", {"tool": {"hatch": {"publish": {"tilebox": project or {}}}}})
    return load_settings(pyproject=Pyproject(root, document), **layers)


def test_nothing_set_means_no_destination_and_the_careful_way():
    assert load_settings(environ={}) == Settings()
    assert (Settings().to, Settings().check_compatibility, Settings().verify) == ("", True, False)


def test_every_setting_is_described_with_an_example_that_is_accepted():
    described = {key.field: key for key in publish_keys()}
    assert list(described) == [item.name for item in fields(Settings) if item.name not in {"by_project", "policies"}]  # derived
    for name, key in described.items():
        value = key.examples[0]
        assert getattr(settings_of({key.name: value}, environ={}), name) == value


def test_each_layer_beats_the_one_below():
    layers = {
        "given": {"to": "https://given"},
        "environ": {"HATCH_TILEBOX_PUBLISH_TO": "https://environ"},
        "project": {"to": "https://project"},
        "user": {"to": "https://user"},
    }
    for name in list(layers):
        assert settings_of(**{"environ": {}, **layers}).to == f"https://{name}"
        del layers[name]


def test_a_value_is_the_projects_where_nobody_else_chose_it():
    project = {"to": "https://project", "artifact-url": "https://project"}
    for others in ({}, {"user": {"to": "https://user"}}, {"environ": {}}):
        assert settings_of(**{"environ": {}, "project": project, **others}).by_project == {"to", "artifact_url"}
    for others in (
        {"user": {"to": "https://project"}},
        {"given": {"to": "https://project"}},
        {"environ": {"HATCH_TILEBOX_PUBLISH_TO": "https://environ"}},
    ):
        assert settings_of(**{"environ": {}, "project": project, **others}).by_project == {"artifact_url"}


def test_texts_are_truth_values_where_nothing_else_can_be_written():
    environ = {"HATCH_TILEBOX_PUBLISH_ALLOW_BREAKING": "1", "HATCH_TILEBOX_PUBLISH_CHECK_COMPATIBILITY": "False"}
    settings = load_settings(given={"dry-run": "true", "verify": "0", "stale": "yes"}, environ=environ)
    assert settings == Settings(dry_run=True, stale=True, allow_breaking=True, check_compatibility=False)


def test_options_of_a_plugin_come_together():
    settings = settings_of(
        given={"options.region": "eu"},
        project={"options": {"region": "us", "bucket": "b"}},
        user={"options": {"a": "b"}},
        environ={},
    )
    assert settings.options == {"region": "eu", "bucket": "b", "a": "b"}


def test_a_folder_of_the_project_is_one_of_its_own(tmp_path):
    def to(value):
        return settings_of(project={"to": value}, root=tmp_path, environ={}).to

    assert to("../releases") == str(tmp_path / "../releases")
    assert to("/srv/releases") == str(Path("/srv/releases"))
    assert to("tilebox") == "tilebox"
    assert to("oci://ghcr.io/a/b") == "oci://ghcr.io/a/b"


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(ConfigError) as caught:
        settings_of(
            given={"verfy": "true", "dry-run": "maybe"},
            project={"to": "", "options": {"a": 1}, "token": "s3cret", "allow-breaking": "true"},
            user={"disable": True, "too": "x", "max_size": 1},
            environ={"HATCH_TILEBOX_PUBLISH_VERIFY": "si"},
        )
    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [
        ("[publish.tilebox] too: unknown key", 'did you mean "to"?'),
        ("[publish.tilebox] max_size: unknown key", '"max-size" belongs under [tool.hatch.build.hooks.tilebox] in pyproject.toml'),
        ("[tool.hatch.publish.tilebox] to: must not be empty", None),
        ("[tool.hatch.publish.tilebox] options.a: must be a string, not an integer", None),
        (
            "[tool.hatch.publish.tilebox] token: secrets are not allowed here",
            "use the environment variable TILEBOX_API_KEY, the keyring, or docker's login for a registry",
        ),
        ('[tool.hatch.publish.tilebox] allow-breaking: must be true or false, not "true"', None),
        ('HATCH_TILEBOX_PUBLISH_VERIFY: must be true or false, not "si"', None),
        ("option verfy: unknown key", 'did you mean "verify"?'),
        ('option dry-run: must be true or false, not "maybe"', None),
    ]
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["TBX012", "TBX013", "TBX022", "TBX022", "TBX018", "TBX022", "TBX022", "TBX012", "TBX022"]


def test_hatch_own_configuration_is_read(tmp_path):
    path = tmp_path / "config.toml"
    environ = {"HATCH_CONFIG": str(path)}
    assert read_user_table(environ) == {}
    path.write_text('[publish.index]\nrepo = "x"\n')
    assert read_user_table(environ) == {}
    path.write_text('[publish.tilebox]\nto = "x"\n')
    assert read_user_table(environ) == {"to": "x"}
    path.write_text("[publish\n")
    with pytest.raises(ConfigError, match=r"config\.toml:1:9: not valid TOML"):
        read_user_table(environ)
