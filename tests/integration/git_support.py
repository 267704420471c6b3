"""Ask real git which files it ignores, and by which line."""

from __future__ import annotations

import os
import re
import subprocess

ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Git:
    """A repository, and one `git check-ignore` process that answers about any number of paths in it."""

    def __init__(self, root):
        self.root = root
        self.env = {**os.environ, **ISOLATED}
        self.run("init", "-q")
        self.version = tuple(int(part) for part in re.findall(r"\d+", self.run("version"))[:2])
        command = ["git", "-c", "core.excludesFile=", "check-ignore", "--stdin", "-z", "-v", "-n", "--no-index"]
        self._process = subprocess.Popen(command, cwd=root, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, *arguments, cwd=None):
        command = ["git", "-c", "core.excludesFile=", *arguments]
        done = subprocess.run(command, cwd=cwd or self.root, env=self.env, check=True, capture_output=True)
        return done.stdout.decode()

    def ignoring_line(self, path):
        """The ignore file and line that ignore `path`, None where it is not ignored."""
        self._process.stdin.write(path.encode() + b"\0")
        self._process.stdin.flush()
        source, line, pattern, _ = (self._read_field() for _ in range(4))
        return None if not source or pattern.startswith("!") else (source, int(line))

    def files(self, cwd=None):
        """All files that git would track; all that it tracks are among them, as nothing is ever added."""
        listed = self.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=cwd)
        return sorted(filter(None, listed.split("\0")))

    def _read_field(self):
        return b"".join(iter(lambda: self._process.stdout.read(1), b"\0")).decode()

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
