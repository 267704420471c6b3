"""A real browser without a window, and pages in it that report every fault."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from conftest_tools import needs_tool
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (360, 768, 1440, 1920)
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    needs_tool("chromium")
    # Chromium does not start its sandbox as root, which is the user in many containers of CI systems.
    arguments = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield chromium
        chromium.close()


@dataclass
class Witness:
    """A page and what happened in it: messages of the console, errors, dialogs, and requests for anything but the page itself."""

    page: Page
    events: list[str] = field(default_factory=list)

    def evaluate(self, script):
        return self.page.evaluate(script)

    def open_details(self):
        self.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")


@contextmanager
def opened(browser, path, *, width=1440, theme="light", **options):
    """Open a file in the browser, and yield a witness."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options)
    witness = Witness(context.new_page())
    url = path.resolve().as_uri()
    witness.page.on("console", lambda message: witness.events.append(f"console: {message.text}"))
    witness.page.on("pageerror", lambda error: witness.events.append(f"error: {error}"))
    witness.page.on("dialog", lambda dialog: (witness.events.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    witness.page.on("popup", lambda popup: witness.events.append(f"popup: {popup.url}"))
    witness.page.on(
        "request",
        lambda request: None if request.url == url or request.url.startswith("data:") else witness.events.append(request.url),
    )
    witness.page.goto(url)
    try:
        yield witness
    finally:
        context.close()
