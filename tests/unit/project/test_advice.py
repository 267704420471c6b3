"""Values that are valid and that no release runner, or Tilebox, can use: `check` and a build warn about them."""

from __future__ import annotations

import re

import pytest

from hatch_tilebox.core.identifiers import is_placeholder
from hatch_tilebox.core.runner_image import pythons_for
from hatch_tilebox.project.check import check_project


@pytest.mark.parametrize(
    "allowed", ["", ">=3.10", ">=3.12.4", "==3.13.*", ">=3.11,<3.13", "~=3.14.1", "!=3.12.*", "<=3.12", ">=3.12,!=3.12.0"]
)
def test_a_runner_has_an_interpreter(allowed):
    assert pythons_for(allowed)


@pytest.mark.parametrize("allowed", ["<3.12", "==3.11.*", ">=3.15", "~=3.10.2", ">=3.9,<3.12", ">=4"])
def test_no_runner_has_an_interpreter(allowed):
    assert not pythons_for(allowed)


@pytest.mark.parametrize(
    "slug",
    [
        "replace-with-your-workflow-slug",
        "your-workflow-slug",
        "REPLACE-ME",
        "change-me",
        "changeme",
        "slug-placeholder",
        "your-slug-here",
        "workflow-slug",
        "insert-your-slug",
    ],
)
def test_placeholders(slug):
    assert is_placeholder(slug)


@pytest.mark.parametrize(
    "slug", ["scene-qa-5y9aK2ydM1f76n", "replace-clouds-x8", "my-workflow-5y9aK2", "land-use-change-7", "tide-gauge"]
)
def test_slugs_of_workflows(slug):
    assert not is_placeholder(slug)


@pytest.mark.parametrize("command", ["check", "build"])
def test_both_are_reported_with_their_places(invoke, small_project, monkeypatch, command):
    monkeypatch.setenv("UV", "/bin/false")  # the build ends early; the warnings come before
    root = small_project()
    for name, old, new in [
        ("pyproject.toml", ">=3.10", ">=3.10,<3.12"),
        ("tilebox.workflow.toml", '"tide-gauge"', '"replace-with-your-workflow-slug"'),
    ]:
        (root / name).write_text((root / name).read_text().replace(old, new))
    shown = invoke(command, root).stderr
    assert 'warning[TBX016]: workflow.slug: "replace-with-your-workflow-slug" is a placeholder' in shown
    assert "/tilebox.workflow.toml:2:8\n" in shown
    assert re.search(r"warning\[TBX017\]: project.requires-python: .* excludes 3.12, 3.13, 3.14", shown)
    assert "/pyproject.toml:8:19\n" in shown


def test_a_good_project_gets_no_warning(small_project):
    assert check_project(small_project()).warnings == []
