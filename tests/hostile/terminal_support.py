"""Commands of which all that they print is looked at, on a terminal and off it; and a server that answers with hostile text."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from contextlib import contextmanager, suppress

from loopback import json_answer, serve

HOSTILE = "a\x1b]0;owned\x07b\x1b[35;107mc\x1b[2Jd\re\nFORGED\x85f\x9b31mg\u202eh\u2066i\u200bj\ufeffk\x7fl\u2028m"
"""Sets the title, colours, clears, overwrites, forges a line, turns round and hides."""

_RICH = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*[AK])|\r\n?")
"""What rich itself sends to a terminal: colours but the hostile ones, the cursor shown or not, up, and lines cleared."""
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\u2066\ufeff]")


def check(output, *, terminal):
    """Fail where something in `output` controls a terminal, hides, or stands in a line that a command did not begin."""
    text = output.decode()
    assert "\x1b[35;107m" not in text, text
    if terminal:
        text = _RICH.sub(lambda match: "\n" if "\r" in match[0] else "", text)
    assert not _CONTROLS.search(text), repr(text)
    assert not [line for line in text.splitlines() if line.removeprefix("│ ").startswith("FORGED")], text


def piped(arguments, environment, folder, encoding="utf-8", *, stdout_only=False):
    """Run a command; gives its exit code and output, or only that to stdout, once all was checked."""
    done = subprocess.run(
        [*map(str, arguments)],
        cwd=folder,
        env={**environment, "COLUMNS": "500"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if stdout_only else subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    output = done.stdout.decode(encoding).encode()
    check(output, terminal=False)
    check(done.stderr or b"", terminal=False)
    return done.returncode, output.decode()


def on_terminal(arguments, environment, folder):
    """The same on a terminal of its own."""
    ours, theirs = pty.openpty()
    environment = {**environment, "TERM": "xterm-256color", "COLUMNS": "500"}
    with subprocess.Popen(
        [*map(str, arguments)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        try:
            output = _read_all(ours, time.monotonic() + 120)
        finally:
            process.kill()
            os.close(ours)
    check(output, terminal=True)
    return process.returncode, output.decode()


def _read_all(descriptor, deadline):
    output = b""
    with suppress(OSError):  # Linux says so where the last writer has gone
        while time.monotonic() < deadline and select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))[0]:
            chunk = os.read(descriptor, 2**16)
            if not chunk:
                break
            output += chunk
    return output


@contextmanager
def hostile_server(*, refuses):
    """Start a Tilebox API and registry that answers with hostile text, as values or as error messages. Return host and port."""
    release = {
        "id": {"uuid": "AAAAAAAAAAAAAAAAAAAAAA=="},
        "artifact": {"digest": HOSTILE},
        "content": {"fingerprint": HOSTILE, "tasks": []},
        "createdAt": HOSTILE,
        "clusters": [{"slug": HOSTILE}],
    }
    workflow = {"slug": HOSTILE, "name": HOSTILE, "releases": [release]}

    def answer(method, path, _headers, _body):
        if method == "GET":
            return json_answer({"errors": [{"code": "DENIED", "message": HOSTILE}]}, 403)
        if refuses:
            return json_answer({"code": "permission_denied", "message": HOSTILE}, 403)
        return json_answer(workflow if path.endswith("/GetWorkflow") else {"workflows": [workflow]})

    with serve(answer) as (host, _):
        yield host
