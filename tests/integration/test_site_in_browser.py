"""The site fits a phone, opens without errors, and its search finds messages by their words."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser_support import browser as browser  # noqa: PLC0414 -- a fixture

pytestmark = pytest.mark.needs_tool("chromium")

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("look", ROOT / "docs" / "look.py")
look = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(look)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The URL of the site, built strictly."""
    pytest.importorskip("zensical", reason="belongs to the dependency group docs")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, check=True)
    with look.served(folder / "site") as url:
        yield url


@pytest.mark.parametrize("name", [*look.PAGES, "reference/cli/", "reference/options/", "reference/publish/", "reference/format/"])
def test_page_fits_a_phone(name, site, browser):
    with look.shown(browser, site + name, 390) as page:
        assert look.wider_than_the_window(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_home_opens_without_errors(theme, site, browser):
    with look.shown(browser, site, 1440, theme) as page:
        failed = []
        page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
        page.reload(wait_until="networkidle")
        assert failed == []
        assert page.get_by_role("link", name="Try a release").first.is_visible()


def test_tabs_of_the_build_page_show_one_frontend(site, browser):
    with look.shown(browser, site + "how-to/build/", 390) as page:
        assert page.get_by_text("uv build --wheel").is_visible()
        page.locator("label", has_text="pip").first.click()
        assert page.get_by_text("pip install .", exact=False).first.is_visible()
        assert not page.get_by_text("uv build --wheel").is_visible()


def test_search_finds_a_message_by_its_words(site, browser):
    with look.shown(browser, site, 1440) as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("file is not valid TOML")
        page.get_by_role("link", name="TBX004").or_(page.locator("a[href*='tbx004']")).first.wait_for(timeout=10_000)
