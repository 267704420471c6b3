"""Write the picture of a report for the documentation, from a real build and a real run.

    python docs/report_page.py

Needs hatch-tilebox with its extras and playwright in the environment of the interpreter, Chromium, uv, and a package registry.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "screens" / "report-page.png"
INPUT = '{"tiles": ["n", "s"], "flaky": 1}'
SIZE = {"width": 1400, "height": 1180}


def main() -> None:
    """Build and run a test project, and take the picture of its report."""
    program = Path(sysconfig.get_path("scripts")) / "hatch-tilebox"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shutil.copytree(ROOT / "test_projects" / "tile_mosaic", folder / "project")
        shutil.rmtree(folder / "project" / "dist", ignore_errors=True)
        subprocess.run([find_uv_bin(), "lock", "--quiet", "--project", folder / "project"], check=True)
        subprocess.run([program, "build", "-qq", "project", "--out", "dist"], cwd=folder, check=True)
        (release,) = (folder / "dist").iterdir()
        run = [program, "run", release, "--task", "BuildMosaic", "--input", INPUT, "--follow", "--json", "-qq"]
        (folder / "job.json").write_bytes(subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout)
        subprocess.run([program, "report", release, "--run", "job.json", "-qq", "-o", "report.html"], cwd=folder, check=True)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE)
            page.goto((folder / "report.html").as_uri())
            page.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
