"""Policies: a file, or a table of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.policy import Rules, SignedBy
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.toml_document import parse_toml
from hatch_tilebox.project.policy_file import RULES, SIGNED_BY, read_policy
from hatch_tilebox.project.publish_settings import load_settings

GOOD = """\
repository = "https://github.com/acme/flows"
branches = ["main", "release/*"]
clean-tree = true
sbom = true
forbidden-packages = ["urllib3<2", "left-pad"]
compatible = true

[signed-by]
identity = "https://github.com/acme/flows/.github/workflows/release.yml@refs/heads/main"
issuer = "https://token.actions.githubusercontent.com"
"""


@pytest.fixture
def policy(tmp_path, monkeypatch):
    """A function that writes a policy and reads it."""
    monkeypatch.chdir(tmp_path)

    def read(text):
        Path("policy.toml").write_text(text)
        return read_policy(Path("policy.toml"))

    return read


def project(text):
    return Pyproject(Path(), parse_toml(text, "pyproject.toml"))


def test_all_rules(policy):
    read = policy(GOOD)
    assert read.rules == Rules(
        SignedBy(
            "https://github.com/acme/flows/.github/workflows/release.yml@refs/heads/main",
            "https://token.actions.githubusercontent.com",
        ),
        "https://github.com/acme/flows",
        ("main", "release/*"),
        clean_tree=True,
        sbom=True,
        forbidden_packages=("urllib3<2", "left-pad"),
        compatible=True,
    )
    assert str(read.places["sbom"]) == "policy.toml:4:1"


def test_an_empty_policy_asks_for_nothing(policy):
    assert policy("").rules == Rules()


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("sbom = true\ncleantree = true\n", "TBX012", 2, "cleantree"),
        ("sbom = 1\n", "TBX010", 1, "sbom"),
        ('branches = "main"\n', "TBX010", 1, "branches"),
        ("branches = []\n", "TBX010", 1, "branches"),
        ('repository = "acme/flows"\n', "TBX010", 1, "repository"),
        ('repository = "ext::sh -c x"\n', "TBX010", 1, "repository"),
        ('\nforbidden-packages = ["urllib3<2", "a b c"]\n', "TBX010", 2, "forbidden-packages[1]"),
        ('forbidden-packages = ["a[b]"]\n', "TBX010", 1, "forbidden-packages[0]"),
        ("forbidden-packages = [\"a; sys_platform == 'win32'\"]\n", "TBX010", 1, "forbidden-packages[0]"),
        ('[signed-by]\nidentity = "ada@example.org"\n', "TBX011", 1, "signed-by.issuer"),
        ('signed-by = "ada@example.org"\n', "TBX010", 1, "signed-by"),
        ('[signed-by]\nidentity = "a"\nissuer = "b"\nwho = "c"\n', "TBX012", 4, "who"),
        ("sbom = \n", "TBX004", 1, "TOML"),
    ],
)
def test_mistakes_name_the_file_the_line_and_the_key(policy, text, code, line, message):
    with pytest.raises(ConfigError) as raised:
        policy(text)
    (problem,) = raised.value.problems
    assert (problem.code, problem.location.path, problem.location.line) == (code, "policy.toml", line)
    assert message in problem.message


def test_all_mistakes_are_reported_at_once(policy):
    with pytest.raises(ConfigError) as raised:
        policy("sbom = 1\nclean-tree = 2\n")
    assert [problem.location.line for problem in raised.value.problems] == [1, 2]


def test_a_project_has_a_policy_in_a_table():
    text = '[project]\nname = "a"\n[tool.hatch.publish.tilebox.policy]\nsbom = true\n'
    (policy,) = load_settings(pyproject=project(text), environ={}).policies
    assert policy.rules == Rules(sbom=True)
    assert str(policy.places["sbom"]) == "pyproject.toml:4:1"


@pytest.mark.parametrize(
    ("value", "line", "key"),
    [('"policy.toml"', 2, "policy"), ("{ sboms = true }", 2, "sboms"), ("{ sbom = 1 }", 2, "sbom")],
)
def test_mistakes_in_a_project(value, line, key):
    with pytest.raises(ConfigError) as raised:
        load_settings(pyproject=project(f"[tool.hatch.publish.tilebox]\npolicy = {value}\n"), environ={})
    (problem,) = raised.value.problems
    assert (problem.location.path, problem.location.line) == ("pyproject.toml", line)
    assert key in problem.message


def test_the_policies_of_all_layers_count(policy, tmp_path):
    policy("sbom = true\n")
    Path("other.toml").write_text("clean-tree = true\n")
    text = "[tool.hatch.publish.tilebox.policy]\ncompatible = true\n"
    found = load_settings(
        pyproject=project(text), given={"policy": Path("policy.toml")}, environ={"HATCH_TILEBOX_PUBLISH_POLICY": "other.toml"}
    ).policies
    assert [each.rules for each in found] == [Rules(compatible=True), Rules(clean_tree=True), Rules(sbom=True)]


def test_every_example_is_accepted(policy):
    import tomlkit

    for key in RULES.keys:
        if key.examples:
            policy(tomlkit.dumps({key.name: key.examples[0]}))
    policy(tomlkit.dumps({"signed-by": {key.name: key.examples[0] for key in SIGNED_BY.keys}}))
