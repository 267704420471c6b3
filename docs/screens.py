"""Make the pictures of the commands, from real runs in a new project.

    python docs/screens.py

Needs hatch-tilebox with its extras in the interpreter's environment, uv, and a package registry; no Tilebox account: the API is the
vendor's generated server, as in the tests.
"""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from rich.console import Console
from rich.text import Text
from uv import find_uv_bin

if TYPE_CHECKING:
    from collections.abc import Iterator

BASH = "/bin/bash"
API = "https://api.tilebox.com"
SERVER = Path(__file__).parents[1] / "tests" / "integration" / "tilebox_server.py"
FOLDER = Path(__file__).parent / "screens"
WIDTH = 100
_OLD = "dist/scene_qa-0.1.0.tbrelease"
_INPUT = '{"scene_id": "S2A_31UFS", "cloud_cover": 0.1}'
_PLAIN = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox"]\n'


@dataclass(frozen=True)
class Screen:
    """A command to show, in which folder, and what to do before, unseen."""

    name: str
    command: str
    folder: str = "scene-qa"
    before: str = ""


SCREENS = (
    Screen("init", 'hatch-tilebox init --offline --name "Scene QA" scene-qa', "."),
    Screen("files", "hatch-tilebox files"),
    Screen("build", "hatch-tilebox build"),
    Screen("inspect", f"hatch-tilebox inspect {_OLD}"),
    Screen("verify", f"hatch-tilebox verify {_OLD}"),
    Screen("run", f"hatch-tilebox run {_OLD} --input '{_INPUT}'"),
    Screen("publish", "hatch-tilebox publish --to ../releases"),
    Screen("releases", "hatch-tilebox releases ../releases"),
    Screen("fetch", "hatch-tilebox fetch ../releases --to ../downloads"),
    Screen(
        "diff",
        f"hatch-tilebox diff {_OLD} dist/scene_qa-0.2.0.tbrelease",
        before="sed -i 's/cloud_cover: float$/cloud_percent: int/; s/self.cloud_cover/self.cloud_percent/' runner.py && "
        "uv version --quiet 0.2.0 && hatch-tilebox build --quiet",
    ),
    Screen(
        "deploy",
        "hatch-tilebox deploy --latest --target production",
        before='printf \'\\n[targets.production]\\nclusters = ["production", "canary"]\\n\' >> tilebox.workflow.toml && '
        f"hatch-tilebox publish {_OLD} --to tilebox --deploy production && "
        "hatch-tilebox publish dist/scene_qa-0.2.0.tbrelease --to tilebox",
    ),
    Screen("extract", f"hatch-tilebox extract {_OLD} --to unpacked"),
    Screen("undeploy", "hatch-tilebox undeploy --latest --cluster canary"),
    Screen("schema", "hatch-tilebox schema release | head -n 18"),
    Screen(
        "check", "hatch-tilebox check", before="sed -i 's/include/inclde/; s/runner:runner/runner.py:runner/' tilebox.workflow.toml"
    ),
    Screen(
        "adopt",
        "hatch-tilebox adopt --yes",
        "old",
        before=f"printf '{_PLAIN}' > pyproject.toml && cp ../scene-qa/runner.py . && uv lock --quiet",
    ),
    Screen("cache", "hatch-tilebox cache"),
)


def main() -> None:
    """Run all of them, one after the other, in one empty folder."""
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
            "HATCH_TILEBOX_CACHE_DIR": str(base / ".cache" / "hatch-tilebox"),
        }
        (base / "old").mkdir()
        with tilebox_api(base / "api", "key") as url:
            environment |= {"TILEBOX_API_URL": url, "TILEBOX_API_KEY": "key", "HATCH_TILEBOX_PUBLISH_TO": "tilebox"}
            environment["HATCH_TILEBOX_PUBLISH_ARTIFACT_URL"] = f"{url}/artifacts"
            for screen in SCREENS:
                folder = base / screen.folder
                if screen.before:
                    subprocess.run([BASH, "-c", screen.before], cwd=folder, env=environment, check=True, capture_output=True)
                text = seen(screen.command, folder, environment).replace(str(base), "/home/you").replace(url, API)
                picture(screen, text)
                print(screen.name)  # noqa: T201 -- the progress of a script


@contextmanager
def tilebox_api(folder: Path, key: str) -> Iterator[str]:
    """The URL of a Tilebox API on loopback, which knows the workflow."""
    python = folder / "bin" / "python"
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "tilebox-workflows", "waitress"], check=True)
    with subprocess.Popen([python, SERVER, key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline() if server.stdout else 0)}"
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            body = json.dumps({"name": "scene-qa", "summary": "Checks scenes"}).encode()
            with urlopen(Request(f"{url}/workflows.v1.WorkflowsService/CreateWorkflow", body, headers)):  # noqa: S310 -- http, to loopback
                yield url
        finally:
            server.terminate()


def seen(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a terminal holds after `command`, with its colours."""
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
    """The next bytes; none where the other end is closed, which Linux calls an error."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def settle(text: str) -> str:
    """What is left of a text on the screen once spinners and bars have come and gone: they rewrite their own line."""
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


def picture(screen: Screen, text: str) -> None:
    """Write the picture of a screen."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ ", "bold green").append(screen.command, "bold"))
    console.print(Text.from_ansi(text))
    console.print()  # the picture ends so tightly that the last line loses its underscores
    svg = console.export_svg(title=screen.name, unique_id=f"screen-{screen.name}")
    (FOLDER / f"{screen.name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
