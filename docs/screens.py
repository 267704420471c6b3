"""Write the pictures of the commands, from real runs of the examples in their help.

    python docs/screens.py

Needs hatch-tilebox with its extras in the environment of the interpreter, uv, and a package registry, but no Tilebox account: the
API is the vendor's generated server, as in the tests.
"""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import click
from rich.console import Console
from rich.text import Text
from uv import find_uv_bin

from hatch_tilebox.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

BASH = "/bin/bash"
API = "https://api.tilebox.com"
SERVER = Path(__file__).parents[1] / "tests" / "integration" / "tilebox_server.py"
FOLDER = Path(__file__).parent / "screens"
WIDTH = 80
LINES = 40
"""Longer output is cut."""
SLUG = "scene-qa-5y9aK2ydM1f76n"
PROJECT = Path(__file__).parents[1] / "test_projects" / "scene_qa"
_PLAIN = '[project]\\nname = "tide-gauge"\\nversion = "0.1.0"\\nrequires-python = ">=3.12"\\ndependencies = ["tilebox"]\\n'
_NEXT = (
    'sed -i \'s/    histogram: dict.*/&\\n    strict: bool/; s/CheckScene", "v1.0"/CheckScene", "v1.1"/\' scene_qa/tasks.py && '
    "uv version --quiet 1.3.0 && hatch-tilebox build --quiet"
)
_COMMITTED = (
    "git init -q -b main && git add -A && git -c user.name=You -c user.email=you@example.org commit -q -m Flows && "
    "echo '# next' >> scene_qa/tasks.py"
)
_TARGET = 'printf \'\\n[targets.production]\\nclusters = ["production", "canary"]\\n\' >> tilebox.workflow.toml'


@dataclass(frozen=True)
class Screen:
    """A command whose example is shown, the folder in which it runs, and a script that runs before it."""

    name: str
    folder: str = "project"
    before: str = ""


SCREENS = (
    Screen("init", "."),
    Screen("files", before="mkdir data && touch data/scene.tif"),
    Screen("build", ".", before="mkdir -p path/to && cp -r project path/to"),
    Screen("inspect", before="hatch-tilebox build --quiet"),
    Screen("verify"),
    Screen("run"),
    Screen("report"),
    Screen("extract"),
    Screen("publish"),
    Screen("releases"),
    Screen("fetch"),
    Screen("diff", before=_NEXT),
    Screen(
        "deploy",
        before=f"{_TARGET} && hatch-tilebox publish dist/scene_qa-1.2.0.tbrelease --to tilebox --deploy production && "
        "hatch-tilebox publish dist/scene_qa-1.3.0.tbrelease --to tilebox",
    ),
    Screen(
        "promote",
        before="sed -i s/staging-4qZk81/staging/ tilebox.workflow.toml && hatch-tilebox deploy --latest --cluster staging",
    ),
    Screen(
        "rollback",
        before="echo '# next' >> scene_qa/tasks.py && hatch-tilebox build --quiet && hatch-tilebox publish --to tilebox && "
        "hatch-tilebox deploy --latest --cluster production",
    ),
    Screen("undeploy", before="hatch-tilebox deploy --latest --cluster staging"),
    Screen("clusters"),
    Screen("unpublish", before="hatch-tilebox undeploy --latest --cluster production,canary,staging"),
    Screen("explain"),
    Screen("schema"),
    Screen(
        "check",
        before="sed -i 's/include/inclde/; s|scene_qa.runner:runner|scene_qa/runner.py:runner|' tilebox.workflow.toml",
    ),
    Screen("adopt", "old", before=f"printf '{_PLAIN}' > pyproject.toml && cp ../scene-qa/runner.py . && uv lock --quiet"),
    Screen("cache"),
    Screen("projects", before=_COMMITTED),
)


def main() -> None:
    """Run all examples, one after the other, in one temporary folder."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name).resolve()
        scripts = sysconfig.get_path("scripts")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("TILEBOX_", "HATCH_", "VIRTUAL_ENV"))
        }
        environment |= {
            "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
            "TERM": "xterm-256color",
            "COLUMNS": str(WIDTH),
            "HATCH_TILEBOX_PUBLISH_STALE": "true",  # the project changes between the pictures
            "HATCH_TILEBOX_STATE_DIR": str(base / ".state"),
            "HATCH_TILEBOX_CACHE_DIR": str(base / ".cache" / "hatch-tilebox"),
        }
        (base / "old").mkdir()
        shutil.copytree(PROJECT, base / "project", ignore=shutil.ignore_patterns("dist", ".venv", "__pycache__"))
        subprocess.run([find_uv_bin(), "lock", "--quiet", "--project", base / "project"], check=True)
        with tilebox_api(base / "api", "key") as url:
            environment |= {"TILEBOX_API_URL": url, "TILEBOX_API_KEY": "key", "HATCH_TILEBOX_PUBLISH_TO": "tilebox"}
            environment["HATCH_TILEBOX_PUBLISH_ARTIFACT_URL"] = f"{url}/artifacts"
            for screen in SCREENS:
                folder = base / screen.folder
                if screen.before:
                    subprocess.run([BASH, "-c", screen.before], cwd=folder, env=environment, check=True, capture_output=True)
                command = example(screen.name)
                text = seen(command.replace("/srv/", f"{base}/srv/"), folder, environment)
                text = text.replace(f"{base}/srv/", "/srv/").replace(str(base), "/home/you").replace(url, API)
                picture(screen.name, command, text)
                print(screen.name)  # noqa: T201 -- the progress of a script


def example(name: str) -> str:
    """Return the example in the help of a command."""
    command = app.get_command(click.Context(app, **app.context_settings), name)
    return " ".join(((command and command.help) or "").partition("Example: ")[2].split())


@contextmanager
def tilebox_api(folder: Path, key: str) -> Iterator[str]:
    """Start a Tilebox API on loopback that has the workflow, and yield its URL."""
    python = folder / "bin" / "python"
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "tilebox-workflows", "waitress"], check=True)
    with subprocess.Popen([python, SERVER, key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline() if server.stdout else 0)}"
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            body = json.dumps({"name": SLUG, "summary": "Checks scenes"}).encode()
            with urlopen(Request(f"{url}/workflows.v1.WorkflowsService/CreateWorkflow", body, headers)):  # noqa: S310 -- http, to loopback
                yield url
        finally:
            server.terminate()


def seen(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Return what a terminal shows after `command`, with its colours."""
    main_end, other_end = pty.openpty()
    with subprocess.Popen([BASH, "-c", command], cwd=folder, env=environment, stdout=other_end, stderr=other_end) as process:
        os.close(other_end)
        written = io.BytesIO()
        while chunk := read(main_end):
            written.write(chunk)
        process.wait()
    os.close(main_end)
    return settle(written.getvalue().decode())


def read(descriptor: int) -> bytes:
    """Return the next bytes, or none if the other end is closed, which is an error on Linux."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def settle(text: str) -> str:
    """Return the final content of the screen. Spinners and progress bars rewrite their own line."""
    lines = [""]
    position = 0
    rest = text.replace("\x1b[?25l", "").replace("\x1b[?25h", "").replace("\r\n", "\n")
    while rest:
        if rest.startswith("\x1b[2K"):
            lines[position], rest = "", rest[4:]
        elif rest.startswith("\x1b[1A"):
            position, rest = max(position - 1, 0), rest[4:]
        elif rest[0] == "\n":
            position, rest = position + 1, rest[1:]
            if position == len(lines):
                lines.append("")
        elif rest[0] == "\r":
            rest = rest[1:]
        else:
            lines[position], rest = lines[position] + rest[0], rest[1:]
    return "\n".join(lines).rstrip("\n")


def picture(name: str, command: str, text: str) -> None:
    """Write the picture of a command and its output."""
    lines = text.split("\n")
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "…"]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ ", "bold green").append(command, "bold"))
    console.print(Text.from_ansi("\n".join(lines)))
    console.print()  # without it, the last line is cut off at its descenders
    svg = console.export_svg(title=name, unique_id=f"screen-{name}")
    (FOLDER / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
