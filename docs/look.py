"""Take pictures of the site in a browser, in two widths and both themes, and report pages that do not fit a phone.

    zensical build && python docs/look.py FOLDER

It needs playwright, and `chromium` on PATH.
"""

from __future__ import annotations

import shutil
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

SITE = Path(__file__).parent.parent / "site"
PAGES = ("", "tutorial/", "reference/configuration/", "reference/errors/", "how-to/build/", "how-to/fix-a-failing-build/")
WIDTHS = (390, 1440)
THEMES = ("light", "dark")

# Elements that scroll on their own may be wider than the window; the page itself may not.
_WIDER = """() => {
    const styled = (item) => ["auto", "scroll", "hidden"].includes(getComputedStyle(item).overflowX);
    const scrolls = (item) => item && (styled(item) || scrolls(item.parentElement));
    const outside = (item) => item.getBoundingClientRect().right > innerWidth + 1 && !scrolls(item.parentElement);
    const width = document.documentElement.scrollWidth;
    const wide = [...document.querySelectorAll("article *")].filter(outside).map((item) => item.outerHTML.slice(0, 80));
    return width > innerWidth ? [`the page is ${width} pixels wide`, ...wide.slice(0, 3)] : wide.slice(0, 3);
}"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, and yield its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def shown(browser: Browser, url: str, width: int, theme: str = "light") -> Iterator[Page]:
    """Open a page in a window of the width and yield it."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    yield page
    context.close()


def wider_than_the_window(page: Page) -> list[str]:
    """Return what makes the page scroll sideways, nothing if it fits."""
    return list(page.evaluate(_WIDER))


def main(folder: Path) -> None:
    """Write a picture for each page, width and theme, and print what does not fit."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver, served(SITE) as url:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name in PAGES:
            for width in WIDTHS:
                for theme in THEMES:
                    with shown(browser, url + name, width, theme) as page:
                        title = name.strip("/").replace("/", "-") or "home"
                        page.screenshot(path=folder / f"{title}-{width}-{theme}.png")
                        for line in wider_than_the_window(page):
                            sys.stdout.write(f"{name} at {width}: {line}\n")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
