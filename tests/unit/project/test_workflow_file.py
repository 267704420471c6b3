"""The result of `load_config`, and errors about the whole file."""

from __future__ import annotations

import os
import sys

import pytest
from call_counts import count_calls

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Location
from hatch_tilebox.core.model import Workflow
from hatch_tilebox.project.find import config_file, find_project, find_pyproject
from hatch_tilebox.project.workflow_file import check_root_inside, load_config

TEXT = """\
[workflow]
slug = "scene-qa"
runner = "scene_qa.runner:runner"

[build]
include = [
  "pyproject.toml",
  "scene_qa/**", # all of it
]
exclude = ["**/*.tif"]

[targets.staging]
clusters = ["a", "b"]
"""


@pytest.fixture
def write(tmp_path):
    def write(content=TEXT, name=CONFIG_NAME):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def message(path, **options):
    with pytest.raises(ConfigError) as caught:
        load_config(path, **options)
    return str(caught.value)


def test_everything_is_read(write):
    path = write()
    config = load_config(path)
    assert config.path == path
    assert config.root == path.parent
    assert config.workflow == Workflow("scene-qa", runner="scene_qa.runner:runner")
    assert [(pattern.text, pattern.location) for pattern in (*config.include, *config.exclude)] == [
        ("pyproject.toml", Location(CONFIG_NAME, 7, 3)),
        ("scene_qa/**", Location(CONFIG_NAME, 8, 3)),
        ("**/*.tif", Location(CONFIG_NAME, 10, 12)),
    ]
    assert config.use_gitignore is True
    assert config.targets == {"staging": ("a", "b")}


def test_command_takes_the_place_of_runner(write):
    config = load_config(write(TEXT.replace('runner = "scene_qa.runner:runner"', 'command = ["python", "-m", "x"]')))
    assert config.workflow == Workflow("scene-qa", command=("python", "-m", "x"))


def test_locations_of_keys(write):
    config = load_config(write())
    assert config.location("workflow.runner") == Location(CONFIG_NAME, 3, 10)
    assert config.location("workflow.command") == Location(CONFIG_NAME, 1, 1)
    assert config.location("build.include") == Location(CONFIG_NAME, 6, 11)
    assert config.location("targets.staging.clusters") == Location(CONFIG_NAME, 13, 12)
    assert config.location("nothing.like.it") == Location(CONFIG_NAME)


def test_messages_name_the_file_relative_to_the_base(write, tmp_path):
    path = write("[build]\n", "sub/folder/" + CONFIG_NAME)
    assert message(path).startswith(f"{CONFIG_NAME}: workflow: missing")
    assert message(path, base=tmp_path).startswith(f"sub/folder/{CONFIG_NAME}: workflow: missing")
    assert message(path, base=tmp_path / "other").startswith(f"../sub/folder/{CONFIG_NAME}: ")


def test_relative_path_becomes_absolute(write, monkeypatch, tmp_path):
    write()
    monkeypatch.chdir(tmp_path)
    config = load_config(config_file(find_pyproject(tmp_path)).relative_to(tmp_path))
    assert config.path == tmp_path / CONFIG_NAME


@pytest.mark.parametrize("change", ["crlf", "bom", "both"])
def test_line_ends_of_windows_and_a_byte_order_mark_move_nothing(write, change):
    content = TEXT.encode()
    if change != "bom":
        content = content.replace(b"\n", b"\r\n")
    if change != "crlf":
        content = b"\xef\xbb\xbf" + content
    config = load_config(write(content))
    assert config.include[1].location == Location(CONFIG_NAME, 8, 3)
    assert config.location("workflow") == Location(CONFIG_NAME, 1, 1)
    broken = write(content.replace(b"use_gitignore", b"").replace(b"exclude = [", b"exclude = [1, x"))
    assert message(broken).startswith(f"{CONFIG_NAME}:10:15: not valid TOML: ")


def test_columns_count_characters(write):
    path = write(TEXT.replace('["**/*.tif"]', '["größe", "\U0001d11e", "/x"]'))
    assert message(path).startswith(f'{CONFIG_NAME}:10:26: build.exclude[2]: "/x" is absolute')


def test_file_that_is_not_there(tmp_path):
    assert message(tmp_path / CONFIG_NAME).startswith(f"{CONFIG_NAME}: no such file\n  hint: ")


@pytest.mark.skipif(sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root may read every file")
def test_file_that_may_not_be_read(write):
    path = write()
    path.chmod(0)
    assert message(path) == f"{CONFIG_NAME}: cannot be read: Permission denied"


def test_folder_in_place_of_the_file(tmp_path):
    (tmp_path / CONFIG_NAME).mkdir()
    assert message(tmp_path / CONFIG_NAME).startswith(f"{CONFIG_NAME}: cannot be read: ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[workflow]\nslug = "\xe4"\n', ":2:9: not UTF-8 text: byte 0xe4 is not allowed here"),
        ("[workflow]\n# ä ".encode() + b"\xff\n", ":2:5: not UTF-8 text: byte 0xff is not allowed here"),
        ("[workflow]\n".encode("utf-16"), ":1:1: not UTF-8 text: byte 0xff is not allowed here; it looks like UTF-16"),
    ],
)
def test_file_that_is_not_utf8(write, content, expected):
    assert message(write(content)) == f"{CONFIG_NAME}{expected}\n  hint: save the file as UTF-8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + "[" * 2000, ":"),
        ("a = " + "{a=" * 2000, ":"),
        ("a = 1\0", ":1:6: not valid TOML: "),
        ('a = "x\x01"', ":1:7: not valid TOML: Illegal character"),
        ("# \u2028\na = b", ":2:5: not valid TOML: Invalid value"),
        ("a = 1\na.b = 2", ":2:8: not valid TOML: Cannot overwrite a value"),
        ("[a.b]\n[a]\nb.c = 1", ":3:"),
        ("[t]\n[x]\n[t.u]\n[t]", ":4:3: not valid TOML: Cannot declare ('t',) twice"),
        ("a = 08", ":1:6: not valid TOML: Expected newline"),
        ("a = [\n  1_, 2]", ":2:4: not valid TOML: Unclosed array"),
        ("a = 2020-13-01\n", ":1:9: not valid TOML: Expected newline"),
        ("=", ":1:1: not valid TOML: Invalid statement"),
        ('a = "', ":1:6: not valid TOML: Unterminated string"),
        ("a = {b = 1", ":1:11: not valid TOML: Unclosed inline table"),
        ("a", ":1:2: not valid TOML: "),
    ],
)
def test_text_that_is_no_toml(write, text, expected):
    told = message(write(text))
    assert told.startswith(f"{CONFIG_NAME}{expected}")
    assert "not valid TOML: " in told
    assert len(told.splitlines()) == 1


class TestRoot:
    def test_is_relative_to_the_file(self, write, tmp_path):
        (tmp_path / "sub" / "code").mkdir(parents=True)
        config = load_config(write(TEXT.replace("runner =", 'root = "code"\nrunner ='), f"sub/{CONFIG_NAME}"))
        assert config.root == (tmp_path / "sub" / "code").resolve()
        check_root_inside(config, tmp_path)
        check_root_inside(config, tmp_path / "sub")

    def test_misspelt_folder(self, write, tmp_path):
        (tmp_path / "code").mkdir()
        path = write(TEXT.replace("runner =", 'root = "cod"\nrunner ='))
        assert message(path) == f'{CONFIG_NAME}:3:8: workflow.root: "cod" is not a folder\n  hint: did you mean "code"?'

    def test_outside_is_for_the_command_line_only(self, write, tmp_path):
        config = load_config(write(TEXT.replace("runner =", 'root = ".."\nrunner ='), f"project/{CONFIG_NAME}"))
        assert config.root == tmp_path.resolve()
        with pytest.raises(ConfigError) as caught:
            check_root_inside(config, tmp_path / "project")
        told = str(caught.value)
        assert told.startswith(f"{CONFIG_NAME}:3:8: workflow.root: ")
        assert "is outside the project" in told
        assert "sdist" in told

    def test_sibling_with_the_same_beginning_is_outside(self, write, tmp_path):
        (tmp_path / "project-b").mkdir()
        config = load_config(write(TEXT.replace("runner =", 'root = "../project-b"\nrunner ='), f"project/{CONFIG_NAME}"))
        with pytest.raises(ConfigError, match="outside"):
            check_root_inside(config, tmp_path / "project")

    @pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
    def test_link_that_leads_outside_is_outside(self, write, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        path = write(TEXT.replace("runner =", 'root = "link"\nrunner ='), f"project/{CONFIG_NAME}")
        (path.parent / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ConfigError, match="elsewhere is outside"):
            check_root_inside(load_config(path), path.parent)


class TestFinding:
    def test_nearest_upward(self, write, tmp_path):
        outer, inner = write(), write(name=f"a/b/{CONFIG_NAME}")
        (tmp_path / "a" / "b" / "c").mkdir()
        assert find_project(tmp_path / "a" / "b" / "c") == inner.resolve().parent
        assert find_project(tmp_path / "a") == outer.resolve().parent

    def test_folder_of_that_name_is_reported_and_not_passed_over(self, write, tmp_path):
        write()
        (tmp_path / "a" / CONFIG_NAME).mkdir(parents=True)
        assert find_project(tmp_path / "a") == (tmp_path / "a").resolve()
        with pytest.raises(ConfigError, match=f"{CONFIG_NAME}: cannot be read: it is a folder, not a file"):
            load_config(tmp_path / "a" / CONFIG_NAME)

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("tilebox.workfow.toml", "there is tilebox.workfow.toml; rename it to tilebox.workflow.toml"),
            (f"flows/{CONFIG_NAME}", f"there is flows/{CONFIG_NAME}; name its folder"),
            ("pyproject.toml", "add hatch-tilebox to this project: hatch-tilebox adopt"),
            ("notes.txt", "create a project: hatch-tilebox init"),
        ],
    )
    def test_none_says_where_it_looked(self, write, tmp_path, name, hint):
        write("", name)
        with pytest.raises(ConfigError) as caught:
            find_project(tmp_path)
        told = str(caught.value)
        assert told.startswith(f"no {CONFIG_NAME} in {tmp_path.resolve()} or in a folder above it\n  hint: ")
        assert hint in told


def test_large_file_takes_steps_in_proportion(write):
    """Calls are counted, of our code and the parser's: unlike a clock, they are the same on every machine."""

    def steps(lines):
        path = write(TEXT.replace("[\n", "[\n" + "".join(f'  "folder{i}/**", # why\n' for i in range(lines))))
        load_config(path)  # imports are done before counting
        count, config = count_calls(load_config, path)
        assert len(config.include) == lines + 2
        return count

    assert steps(10_000) < 11 * steps(1000)
