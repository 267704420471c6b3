"""Generated pages are up to date, and no link is broken."""

from __future__ import annotations

import html
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import hatch_tilebox.plugins
from hatch_tilebox.cli.app import app
from hatch_tilebox.cli.group_help import COMMANDS
from hatch_tilebox.project.build_options import option_keys
from hatch_tilebox.project.publish_settings import publish_keys
from hatch_tilebox.project.toml.tables import keys_of
from hatch_tilebox.project.workflow_file import BuildTable, TargetTable, WorkflowTable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_reference_of_the_command_line_is_up_to_date():
    """If this fails: python docs/cli_reference.py"""
    spec = importlib.util.spec_from_file_location("cli_reference", DOCS / "cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.cli_reference()


def test_every_command_says_what_it_prints():
    """`schema` prints a schema, whatever is asked for."""
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    sections = dict(re.findall(r"\n## `(\w+)`\n(.*?)(?=\n## |\Z)", page, re.DOTALL))
    assert list(sections) == list(COMMANDS)
    assert [name for name, text in sections.items() if "With `--json`: " not in text] == ["schema"]


def test_the_reference_of_the_python_api_is_up_to_date():
    """If this fails: python docs/generate.py"""
    pytest.importorskip("griffe", reason="belongs to the dependency group docs")
    spec = importlib.util.spec_from_file_location("api_reference", DOCS / "api_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.api_reference()
    assert module.PAGE.read_text("utf-8") == page
    names = set(hatch_tilebox.plugins.__all__) - {"hookimpl"}
    assert names == set(re.findall(r"^### `([A-Z]\w+)`", page, re.MULTILINE))


def build_site(folder):
    """Build the site in a copy of its sources. Strict: every warning is an error."""
    pytest.importorskip("zensical", reason="belongs to the dependency group docs")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def site_sources(tmp_path):
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    return tmp_path


def test_the_site_builds_without_a_warning(site_sources):
    done = build_site(site_sources)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (site_sources / "site" / "reference" / "cli" / "index.html").is_file()


@pytest.mark.parametrize("link", ["nowhere.md", "tutorial.md#nowhere"])
def test_the_site_does_not_build_with_a_broken_link(link, site_sources):
    page = site_sources / "docs" / "index.md"
    page.write_text(f"{page.read_text('utf-8')}\n[Broken]({link})\n", "utf-8")
    assert build_site(site_sources).returncode != 0


def test_links_to_other_files_than_pages_are_not_broken():
    """zensical checks only links to pages."""
    for page in DOCS.rglob("*.md"):
        for link in re.findall(r"\]\(((?!https?:)[^)#]+\.(?!md\b)\w+)\)", page.read_text("utf-8")):
            assert (page.parent / link).is_file(), f"{page}: {link}"


def test_links_of_the_readme_are_not_broken():
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / link).exists(), link


def test_every_key_has_a_heading_to_link_to():
    for page, keys in {
        "configuration": [key for model in (WorkflowTable, BuildTable, TargetTable) for key in keys_of(model)],
        "options": option_keys(),
        "publish": publish_keys(),
    }.items():
        headings = re.findall(r"^### `([\w-]+)`$", (DOCS / "reference" / f"{page}.md").read_text("utf-8"), re.MULTILINE)
        assert headings == [key.name for key in keys]


def test_the_menu_shows_every_page():
    """zensical does not check this."""
    menu = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8"))
    assert sorted(menu) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def commands_in_the_docs():
    """Yield every call of the command line in code blocks and code spans, with its page."""
    for page in sorted([ROOT / "README.md", *DOCS.rglob("*.md")]):
        text = page.read_text("utf-8")
        for block in re.findall(r"^ *```(?:sh|console|bash|yaml).*?\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                for call in re.findall(r"(?:^ *|[$/;&] ?|run: |\| )hatch-tilebox ([a-z-].*)", line):
                    yield page.relative_to(ROOT).as_posix(), call
        for call in re.findall(r"`hatch-tilebox ([^`\n]+)`", text):
            yield page.relative_to(ROOT).as_posix(), call


def test_commands_in_the_docs_are_there_with_their_options():
    """`test_docs_commands.py` runs them."""
    calls = list(commands_in_the_docs())
    assert len(calls) > 50
    wrong = []
    for page, call in calls:
        words = shlex.split(re.split(r"\s(?:#|\|\||&&|;|\||>)\s", call)[0])
        group = click.Context(app, info_name="hatch-tilebox", **app.context_settings)
        try:
            _, rest, _ = app.make_parser(group).parse_args(words)
            if rest:
                command = app.get_command(group, rest[0])
                command.make_parser(click.Context(command, parent=group)).parse_args(rest[1:])
        except (click.UsageError, AttributeError) as error:
            wrong.append(f"{page}: hatch-tilebox {call}: {error}")
    assert wrong == []


def test_every_command_has_a_picture_of_its_example():
    """If this fails: python docs/screens.py. `sign` needs an identity, and prints one line."""
    pictures = {path.stem for path in (DOCS / "screens").glob("*.svg")}
    assert pictures == set(COMMANDS) - {"completion", "sign"}
    for path in (DOCS / "screens").glob("*.svg"):
        text = path.read_text("utf-8")
        assert "Traceback" not in text
        shown = "".join(html.unescape(part) for part in re.findall(r"<text [^>]*>(.*?)</text>", text))
        example = app.get_command(click.Context(app, **app.context_settings), path.stem).help.partition("Example: ")[2]
        assert "".join(f"$ {example}".split()) in "".join(shown.split()), f"{path.name} shows another command than its help"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_described_for_every_shell(shell):
    assert f"hatch-tilebox completion {shell}" in (DOCS / "reference" / "cli.md").read_text("utf-8")


def test_completion_knows_commands_and_options():
    code = "from hatch_tilebox.cli import main; main()"
    environment = {**os.environ, "_HATCH_TILEBOX_COMPLETE": "bash_complete", "COMP_WORDS": "hatch-tilebox ch", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plain,check"]
    environment.update(COMP_WORDS="hatch-tilebox files --la", COMP_CWORD="2")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plain,--largest"]
