"""A shell that runs the commands of a page."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TypeVar

from conftest_tools import leave_out
from docs_pages import Block, steps

# What differs from day to day and from machine to machine.
_TASK_DURATION = re.compile(r"(?<=[✓✗] )(?P<task>\S+)  [\d.]+ m?s\b")
_VARIABLE = re.compile(
    r"\d+(\.\d+)? (B|KiB|MiB|m?s)\b|Python [\d.]+|tilebox-workflows [\d.]+|\b[0-9a-f]{64}\b|\b\d\d:\d\d:\d\d\b|▇+ +[\d.]+ m?s|─+"
)
_SECONDS = 300
Value = TypeVar("Value")


class World:
    """Runs the commands of a page, with these exceptions:

    `swaps` replaces parts of commands that do not work on a test machine. The other exceptions belong to a command, given by its
    first words: `before` is a script that runs before it, `codes` is its exit code if that is not 0, and `answers` is a question
    that it asks, and the answer.
    """

    def __init__(self, page: str, base: Path, folder: Path, env: dict[str, str]) -> None:
        self.page, self.base, self.folder = page, base, folder
        self.env = {**env, "COLUMNS": "120", "HATCH_CONFIG": str(base / "hatch.toml")}
        Path(self.env["HATCH_CONFIG"]).touch()
        self.swaps: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.codes: dict[str, int] = {}
        self.answers: dict[str, tuple[str, str]] = {}
        self.missing: set[str] = set()
        self.met: set[str] = set()
        self.followed = False

    def venv(self, *requirements: str) -> None:
        """Create and activate an environment with pip and `requirements`, for `python` and `pip` on the page."""
        folder = self.base / "venv"
        uv = ["uv", "venv", "--quiet", "--seed", folder], ["uv", "pip", "install", "--quiet", "--python", folder, *requirements]
        for command in uv[: 2 if requirements else 1]:
            subprocess.run(command, env=self.env, check=True, capture_output=True)
        self.env |= {"VIRTUAL_ENV": str(folder), "PATH": f"{folder / 'bin'}{os.pathsep}{self.env['PATH']}"}

    def tools(self) -> None:
        """Create a folder for `uv tool install`, first on PATH."""
        folder = self.base / "tools"
        self.env |= {"UV_TOOL_DIR": str(folder), "UV_TOOL_BIN_DIR": str(folder / "bin")}
        self.env["PATH"] = f"{folder / 'bin'}{os.pathsep}{self.env['PATH']}"

    def follow(self, *, write: bool = False) -> None:
        """Run every command of the page and compare its output with the page; with `write`, also write the files of the page."""
        printed: list[str] = []
        last_shell = ""
        for step in steps(self.page):
            if isinstance(step, Block):
                if write:
                    step.write(self.folder)
                continue
            if step.shell == "bash":
                printed = (printed if last_shell else []) + _words(self.type(step.text))
            elif not step.shell:
                _check_shown(step.text, printed)
            last_shell = step.shell
        self.followed = True
        told = {*self.swaps, *self.before, *self.codes, *self.answers}
        assert told == self.met, f"no command of {self.page} is met by {sorted(told - self.met)}"
        if self.missing:
            leave_out(f"all but what needs {', '.join(sorted(self.missing))}, not installed here")

    def type(self, command: str) -> str:
        """Run a command of a page and return its output. The working folder and the variables are kept, as in a shell."""
        if script := self._told(self.before, command):
            self.run(script)
        typed = command
        for there, here in self.swaps.items():
            self.met |= {there} if there in typed else set()
            typed = typed.replace(there, here)
        tools = {"jq": "jq", "tar --zstd": "zstd"}
        if lacking := {tool for part, tool in tools.items() if part in typed and not shutil.which(tool, path=self.env["PATH"])}:
            self.missing |= lacking
            return ""
        return self.run(typed, code=self._told(self.codes, command) or 0, answer=self._told(self.answers, command))

    def _told(self, table: dict[str, Value], command: str) -> Value | None:
        for beginning, value in table.items():
            if f"{command} ".startswith(f"{beginning} "):
                self.met.add(beginning)
                return value
        return None

    def run(self, script: str, *, code: int = 0, answer: tuple[str, str] | None = None) -> str:
        """Run a script and return its output on both streams."""
        state = self.base / "state"
        whole = f"{script}\nstatus=$?\npwd > {state}-folder; env -0 > {state}-env; exit $status"
        if answer:
            status, printed = self._conversation(whole, *answer)
        else:
            options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
            done = subprocess.run(["bash", "-c", whole], cwd=self.folder, env=self.env, timeout=_SECONDS, check=False, **options)
            status, printed = done.returncode, done.stdout
        assert status == code, f"$ {script}\n{printed}\nexit code {status}, not {code}"
        self.folder = Path(Path(f"{state}-folder").read_text().rstrip("\n"))
        variables = Path(f"{state}-env").read_text().rstrip("\0").split("\0")
        self.env = dict(variable.partition("=")[::2] for variable in variables)
        return printed

    def _conversation(self, script: str, question: str, answer: str) -> tuple[int, str]:
        import pexpect

        terminal = pexpect.spawn("bash", ["-c", script], cwd=self.folder, env=self.env, encoding="utf-8", timeout=_SECONDS)
        terminal.expect_exact(question)
        printed = terminal.before
        terminal.sendline(answer)
        printed += terminal.read()
        terminal.close()
        return terminal.exitstatus, printed


def _words(text: str) -> list[str]:
    """Return the lines without values that vary."""
    return [" ".join(_VARIABLE.sub("#", _TASK_DURATION.sub(r"\g<task>", line)).split()) for line in text.splitlines()]


def _check_shown(shown: str, printed: list[str]) -> None:
    """What a page shows was printed, line by line in this order; others may be between, and `…` stands for what is left out."""
    lines = iter(printed)
    for expected in _words(shown):
        if expected not in {"", "…"}:
            pattern = re.compile(".*".join(re.escape(part.strip()) for part in expected.split("…")))
            assert any(map(pattern.search, lines)), f"not printed, or not in this order: {expected}\n" + "\n".join(printed)


def quoted(path: Path | str) -> str:
    """A path as a word of a script."""
    return shlex.quote(str(path))
