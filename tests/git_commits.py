"""Git repositories of tests."""

from __future__ import annotations

import os
import subprocess


def git(folder, *arguments, given=None):
    """Run git as somebody with a name, without the settings of this machine. Return what it prints."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, input=given, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit_all(folder, message="All"):
    """Commit all files of a folder, which becomes a repository if it is none."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
