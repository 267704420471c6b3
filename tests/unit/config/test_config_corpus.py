"""The loader, the JSON Schema, and the pages made from the same models agree on a corpus of files.

A bad file begins with what the loader says of it (`#: LINE:COLUMN: message`), and with `#~ why` if the schema cannot say it.
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
from tomlkit.exceptions import TOMLKitError

from hatch_tilebox.config import load_config
from hatch_tilebox.errors import ConfigError
from hatch_tilebox.model import CONFIG_NAME

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
    expected = [re.sub(r"^(?!\d)", " ", line[3:]) for line in path.read_text("utf-8").splitlines() if line.startswith("#: ")]
    with pytest.raises(ConfigError) as caught:
        load(path, tmp_path)
    told = [str(problem).removeprefix(f"{CONFIG_NAME}:") for problem in caught.value.problems]
    assert told == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_schema_judges_alike(path, validator):
    text = path.read_text("utf-8")
    try:
        values = tomlkit.parse(text).unwrap()
    except TOMLKitError:
        assert path.stem.startswith("syntax_")
    else:
        assert validator.is_valid(values) == text.startswith("#~ ")


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
    quoted = re.findall(r"`([a-z]+\.[a-z]+: [^`]+)`", page)
    assert quoted
    assert all(message in told for message in quoted)
