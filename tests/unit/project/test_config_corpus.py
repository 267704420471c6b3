"""The loader, the JSON Schema, and the pages made from the same models agree on a corpus of files.

A bad file begins with what the loader reports about it (`#: LINE:COLUMN: message; hint`), and with `#~ why` if the schema cannot
report it.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from tomlkit.exceptions import TOMLKitError

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.workflow_file import load_config

CORPUS = Path(__file__).parent / "corpus"
GOOD = sorted((CORPUS / "good").glob("*.toml"))
BAD = sorted((CORPUS / "bad").glob("*.toml"))
ROOT = Path(__file__).parents[3]


def load(path, folder):
    return load_config(Path(shutil.copyfile(path, folder / CONFIG_NAME)))


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((files("hatch_tilebox") / "schemas" / "tilebox.workflow.schema.json").read_text("utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_file_loads(path, tmp_path, validator):
    config = load(path, tmp_path)
    assert config.workflow.slug
    assert config.include
    validator.validate(tomlkit.parse(path.read_text("utf-8")).unwrap())


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_mistake_is_told_in_the_order_of_the_file(path, tmp_path):
    lines = [line.removeprefix("#: ") for line in path.read_text("utf-8").splitlines() if line.startswith("#: ")]
    expected = [f"{CONFIG_NAME}:{line}" if line[0].isdigit() else f"{CONFIG_NAME}: {line}" for line in lines]
    with pytest.raises(ConfigError) as caught:
        load(path, tmp_path)
    found = caught.value.problems
    assert [f"{item.location}: {item.message}" + (f"; {item.hint}" if item.hint else "") for item in found] == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_schema_judges_alike(path, validator):
    text = path.read_text("utf-8")
    try:
        values = tomlkit.parse(text).unwrap()
    except TOMLKitError:
        assert path.stem.startswith("syntax_")
    else:
        assert validator.is_valid(values) == text.startswith("#~ ")


TEXTS = [re.sub(r"(?m)^#[:~].*\n", "", path.read_text("utf-8")) for path in [*GOOD, *BAD]]
TOKENS = [
    *list("[]{}\"'=.,\n\r#\\-_ \t\x00\x7f\u2028é1"),
    '"""',
    "'''",
    "[[",
    "]]",
    "\\u",
    "0x",
    "inf",
    "2020-01-01",
    "[build]",
    "[[build]]",
]
EDITS = st.tuples(st.integers(0, 400), st.integers(0, 8), st.sampled_from(["", *TOKENS]))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.lists(EDITS, min_size=1, max_size=4))
def test_no_slip_of_the_keyboard_shows_a_traceback(scratch, text, edits):
    """Random edits of a file: every message has one line, and an error in the text has a location."""
    for at, cut, put in edits:
        text = text[: at % (len(text) + 1)] + put + text[at % (len(text) + 1) + cut :]
    scratch.write_bytes(text.encode())
    try:
        load_config(scratch)
    except ConfigError as error:
        for problem in error.problems:
            assert len(problem.message.splitlines()) == 1
            assert problem.location.line or problem.hint.startswith("write a [")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch") / CONFIG_NAME


def test_schema_and_pages_are_up_to_date():
    """If this fails: python docs/generate.py"""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for path, text in generate.generated().items():
        assert path.read_text("utf-8") == text, path


def test_examples_in_the_reference_load(tmp_path):
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
    examples = re.findall(rf'```toml title="{re.escape(CONFIG_NAME)}"\n(.*?)```', page, re.DOTALL)
    for example in examples:
        (tmp_path / CONFIG_NAME).write_text(example, "utf-8")
        load_config(tmp_path / CONFIG_NAME)
    assert examples


def test_messages_in_the_reference_are_real():
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
    told = "\n".join(path.read_text("utf-8") for path in BAD)
    quoted = re.findall(r"`(did you mean [^`]+)`", page)
    assert quoted
    assert all(message in told for message in quoted)
