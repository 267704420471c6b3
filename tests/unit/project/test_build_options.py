"""The options of a build, from each place they may come from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hatch_tilebox.core.config import BuildOptions
from hatch_tilebox.core.constants import CONFIG_VARIABLE
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.build_options import PLACES, load_options, option_keys, setting_name, variable_name
from hatch_tilebox.project.publish_settings import publish_keys
from hatch_tilebox.project.toml.tables import keys_of
from hatch_tilebox.project.workflow_file import BuildTable, WorkflowFile, WorkflowTable

HOOK = "tool.hatch.build.hooks.tilebox"
TARGET = "tool.hatch.build.targets.tilebox"


def load(table=None, *, where=HOOK, environ=None, settings=None, project=None):
    return load_options(
        table or {}, where=where, environ=environ or {}, settings=settings, pyproject=project and peek_pyproject(project)
    )


def problems(*arguments, **options):
    with pytest.raises(ConfigError) as caught:
        load(*arguments, **options)
    return [
        (f"{item.location}: " if item.location else "") + item.message + (f"; {item.hint}" if item.hint else "")
        for item in caught.value.problems
    ]


def test_defaults():
    assert load() == BuildOptions(
        config="tilebox.workflow.toml",
        output_dir=None,
        runtime="worker",
        startup_timeout=120.0,
        max_size=104_857_600,
        allow_secrets=(),
        pass_environment=(),
        runners=(),
        vendor=False,
        sbom=False,
        provenance=False,
        embed=True,
        skip=False,
        cache=True,
    )


def test_table():
    table = {
        "config": "flows/a.toml",
        "output-dir": "releases",
        "runtime": "worker",
        "startup-timeout": 300,
        "max-size": "1 GiB",
        "allow-secrets": ["tests/key.pem"],
        "pass-environment": ["ACME_*"],
        "runners": ["linux-x86_64-cp312"],
        "vendor": True,
        "sbom": True,
        "provenance": True,
        "embed": False,
        "skip": True,
        "cache": False,
    }
    assert {key.name for key in option_keys()} == set(table)
    assert load(table) == BuildOptions(
        "flows/a.toml",
        "releases",
        "worker",
        300.0,
        2**30,
        ("tests/key.pem",),
        ("ACME_*",),
        ("linux-x86_64-cp312",),
        True,
        True,
        True,
        False,
        True,
        False,
    )


TEXTS = {
    "config": ("a.toml", "a.toml"),
    "output-dir": ("/tmp/out", "/tmp/out"),
    "runtime": ("worker", "worker"),
    "startup-timeout": ("2.5", 2.5),
    "max-size": ("500 MB", 500_000_000),
    "allow-secrets": (os.pathsep.join(["a", "b/c"]), ("a", "b/c")),
    "runners": (os.pathsep.join(["linux-x86_64-cp312", "linux-aarch64-cp313"]), ("linux-x86_64-cp312", "linux-aarch64-cp313")),
    "pass-environment": (os.pathsep.join(["ACME_*", "REGION"]), ("ACME_*", "REGION")),
    "vendor": ("true", True),
    "sbom": ("on", True),
    "provenance": ("yes", True),
    "embed": ("No", False),
    "skip": ("1", True),
    "cache": ("off", False),
}


@pytest.mark.parametrize("option", [key.name for key in option_keys()])
def test_every_option_has_a_variable_and_a_setting(option):
    field = option.replace("-", "_")
    text, value = TEXTS[option]
    assert getattr(load(environ={variable_name(option): text}), field) == value
    assert getattr(load(settings={setting_name(option): text}), field) == value


def test_names_follow_one_rule():
    assert variable_name("max-size") == "HATCH_TILEBOX_MAX_SIZE"
    assert setting_name("max-size") == "tilebox.max-size"


def test_precedence():
    table, environ, settings = {"runtime": "worker"}, {"HATCH_TILEBOX_RUNTIME": "import"}, {"tilebox.runtime": "worker"}
    assert load(table, environ=environ).runtime == "import"
    assert load(table, environ=environ, settings=settings).runtime == "worker"
    assert load(table, environ={"HATCH_TILEBOX_RUNTIME": ""}).runtime == "worker"


def test_setting_given_several_times():
    assert load(settings={"tilebox.allow-secrets": ["a", "b"]}).allow_secrets == ("a", "b")
    assert problems(settings={"tilebox.runtime": ["import", "worker"]}) == [
        'config setting tilebox.runtime: must be "import" or "worker", not an array'
    ]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, 1),
        ("1", 1),
        ("1 B", 1),
        ("1kB", 1000),
        ("1 KiB", 1024),
        ("1.5 MiB", 1_572_864),
        ("2 gb", 2_000_000_000),
        (" 1 TiB ", 2**40),
    ],
)
def test_sizes(size, expected):
    assert load({"max-size": size}).max_size == expected


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "", "0", "-1 MB", "1 XB", "MB", "1 M", "1,5 MB", "\u0661 MB", "1e3", []])
def test_no_sizes(size):
    assert re.match(
        rf'{HOOK}.max-size: must be a number of bytes, or a size such as "500 MB" or "1 GiB", not ', problems({"max-size": size})[0]
    )


@pytest.mark.parametrize("seconds", [0, -1, True, "120", float("inf"), float("nan"), None])
def test_no_timeouts(seconds):
    assert problems({"startup-timeout": seconds})[0].startswith(
        f"{HOOK}.startup-timeout: must be a number of seconds greater than 0, not "
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"runtme": "import"}, 'unknown option "runtme"; did you mean "runtime"?'),
        ({"max_size": 1}, 'unknown option "max_size"; did you mean "max-size"?'),
        ({"include": ["a"]}, 'unknown option "include"; "include" belongs under [build] in tilebox.workflow.toml'),
        ({"to": "x"}, 'unknown option "to"; "to" belongs under [tool.hatch.publish.tilebox] in pyproject.toml'),
        ({"zip": 1}, 'unknown option "zip"; allowed: config, output-dir, '),
        ({"runtime": "impot"}, 'runtime: must be "import" or "worker", not "impot"; did you mean "import"?'),
        ({"runtime": True}, 'runtime: must be "import" or "worker", not true'),
        ({"config": "../x.toml"}, 'config: "../x.toml" leads outside; `..` is not allowed'),
        ({"config": "/x.toml"}, 'config: "/x.toml" is absolute; write a relative path'),
        ({"config": "a\\b.toml"}, 'config: "a\\b.toml" has a backslash; did you mean "a/b.toml"?'),
        ({"config": 3}, "config: must be a string, not an integer"),
        ({"output-dir": ""}, "output-dir: must not be empty"),
        ({"allow-secrets": "key.pem"}, "allow-secrets: must be an array of strings, not a string"),
        ({"allow-secrets": ["a", "**/*.pem"]}, 'allow-secrets[1]: "**/*.pem" has a wildcard; name each file by its path'),
        ({"allow-secrets": ["./a//b"]}, 'allow-secrets[0]: "./a//b" is not a plain path; did you mean "a/b"?'),
        ({"embed": "yes"}, 'embed: must be true or false, not "yes"'),
        ({"skip": 1}, "skip: must be true or false, not 1"),
    ],
)
def test_mistakes_in_the_table(table, expected):
    (told,) = problems(table)
    assert told.startswith((f"{HOOK}.{expected}", f"{HOOK}: {expected}"))


def test_mistakes_from_everywhere_are_told_together():
    assert problems(
        {"skip": "no", "cach": False},
        environ={"HATCH_TILEBOX_EMBED": "maybe", "HATCH_TILEBOX_ALLOW_SECRETS": f"a{os.pathsep}../b", "HATCH_TILEBOX_NOBODYS": "1"},
        settings={"tilebox.startup-timeout": "soon", "tilebox.runtme": "import", "--global-option": "x", "runtime": "y"},
    ) == [
        f'{HOOK}.skip: must be true or false, not "no"',
        f'{HOOK}: unknown option "cach"; did you mean "cache"?',
        'HATCH_TILEBOX_ALLOW_SECRETS[1]: "../b" leads outside; `..` is not allowed',
        'HATCH_TILEBOX_EMBED: must be true or false, not "maybe"',
        'config setting tilebox.startup-timeout: must be a number of seconds greater than 0, not "soon"',
        'unknown config setting "tilebox.runtme"; did you mean "tilebox.runtime"?',
    ]


def test_every_key_of_the_workflow_has_a_place():
    models = (WorkflowFile, WorkflowTable, BuildTable)
    names = {key.name for model in models for key in keys_of(model)}
    assert names | {key.name for key in (*option_keys(), *publish_keys())} - {"options"} <= PLACES.keys()


def test_keys_that_hatchling_reads_are_left_to_it():
    hook = dict.fromkeys(["dependencies", "require-runtime-dependencies", "require-runtime-features", "enable-by-default"])
    assert load(hook) == load(hook, where=TARGET) == BuildOptions()


def test_the_variable_that_names_the_configuration():
    assert variable_name("config") == CONFIG_VARIABLE


def test_hatchling_reads_no_other_keys_of_a_target():
    """The list is compared with hatchling's own source, so that a new key of a new version is noticed."""
    import hatchling.builders.config as hatchling

    source = Path(hatchling.__file__).read_text("utf-8")
    keys = set(re.findall(r'(?:target_config|build_config|\w+_config|config)(?:\.get\(|\[)"([a-z-]+)"', source))
    keys -= {"enable-by-default", "dependencies", "require-runtime-dependencies", "require-runtime-features"}
    assert len(keys) > 10
    assert load(dict.fromkeys(keys), where=TARGET) == BuildOptions()
    assert len(problems(dict.fromkeys(keys))) == len(keys)


class TestPlaces:
    def test_line_in_pyproject(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text(
            '[project]\nname = "x"\n\n[tool.hatch.build.hooks.tilebox]\nruntme = "import"\nallow-secrets = [\n  "a",\n  "*",\n]\n'
        )
        assert problems({"allow-secrets": ["a", "*"], "runtme": "import"}, project=tmp_path) == [
            'pyproject.toml:5:1: unknown option "runtme"; did you mean "runtime"?',
            f'pyproject.toml:8:3: {HOOK}.allow-secrets[1]: "*" has a wildcard; name each file by its path',
        ]

    def test_target_that_takes_options_of_the_hook(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.hatch.build]\nhooks.tilebox.skip = 1\ntargets.tilebox = { cache = 2 }\n")
        assert problems({"skip": 1, "cache": 2}, where=TARGET, project=tmp_path) == [
            f"pyproject.toml:2:22: {HOOK}.skip: must be true or false, not 1",
            f"pyproject.toml:3:29: {TARGET}.cache: must be true or false, not 2",
        ]

    def test_hook_of_one_target(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.hatch.build.targets.wheel.hooks.tilebox]\nskip = 1\n")
        assert problems({"skip": 1}, project=tmp_path) == [
            "pyproject.toml:2:8: tool.hatch.build.targets.wheel.hooks.tilebox.skip: must be true or false, not 1"
        ]

    def test_hatch_toml(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
        (tmp_path / "hatch.toml").write_text("[build.hooks.tilebox]\nskip = 1\n")
        assert problems({"skip": 1}, project=tmp_path) == ["hatch.toml:2:8: build.hooks.tilebox.skip: must be true or false, not 1"]

    def test_file_that_does_not_help(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool\n")
        assert problems({"skip": 1}, project=tmp_path) == [f"{HOOK}.skip: must be true or false, not 1"]


def test_every_option_has_an_example_that_is_accepted():
    for key in option_keys():
        assert key.examples, key.name
        assert getattr(load({key.name: key.examples[0]}), key.field) is not None
