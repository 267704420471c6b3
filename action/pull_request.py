"""The steps of the GitHub action in `action.yml`: build and compare a release, and keep one comment up to date.

    python action/pull_request.py build|comment

It runs in an environment with hatch-tilebox. The step `build` runs the code of the project and has no token; `comment` has the
token and runs nothing else. Both read the variables that GitHub sets, so that a test can run them.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

CLI = [sys.executable, "-m", "hatch_tilebox"]
LONGEST_COMMENT = 60_000
"""GitHub accepts 65,536 characters."""
PAGE = 100
BREAKING = 3
"""The exit code of `hatch-tilebox diff` for a breaking change with an unchanged major version."""


def main() -> int:
    """Run the step that the argument names."""
    return {"build": build, "comment": comment}[sys.argv[1]]()


def build() -> int:
    """Check and build the project, compare the release, and write the outputs and the summary."""
    project = Path(os.environ["PROJECT"])
    folder = Path(os.environ["RUNNER_TEMP"]).resolve() / "hatch-tilebox-action"
    shutil.rmtree(folder, ignore_errors=True)
    for command in (["check", project], ["build", project, "--out", folder / "new"]):
        if code := subprocess.run([*CLI, *command, "--output-format", "github"], check=False).returncode:
            return code
    (new,) = (folder / "new").glob("*.tbrelease")
    old = earlier_release(project, os.environ.get("COMPARE", "none"), folder)
    releases = [new] if old is None else [old, new]
    report, markdown = folder / f"{new.stem}.html", folder / "report.md"
    run(*CLI, "report", "--quiet", *releases, "--out", report)
    run(*CLI, "report", "--quiet", *releases, "--format", "markdown", "--out", markdown)
    outputs = {
        "name": f"tilebox-release-{new.stem}",
        "release": new,
        "report": report,
        "markdown": markdown,
        "verdict": "",
        "undeclared": "false",
    }
    if old is not None:
        found = subprocess.run([*CLI, "diff", "--quiet", "--json", old, new], check=False, stdout=subprocess.PIPE)
        if found.returncode not in {0, BREAKING}:
            return found.returncode
        outputs["verdict"] = json.loads(found.stdout)["verdict"]
        outputs["undeclared"] = "true" if found.returncode == BREAKING else "false"
    append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    append("GITHUB_STEP_SUMMARY", markdown.read_text("utf-8") + "\n")
    return 0


def earlier_release(project: Path, compare: str, folder: Path) -> Path | None:
    """Return the release to compare with, None if there is none. A warning gives the reason."""
    if compare == "none":
        return None
    try:
        if compare == "base":
            return base_release(project, os.environ.get("BASE_SHA", ""), folder)
        run(*CLI, "-C", project, "fetch", "--quiet", compare, "--to", folder / "old", stdout=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        print("::warning::The release to compare with is not available, so the changes are not known. The log has the reason.")
        return None
    return next((folder / "old").glob("*.tbrelease"), None)


def base_release(project: Path, commit: str, folder: Path) -> Path | None:
    """Build the release of a commit in a folder of its own. None if the commit does not have the project."""
    if not commit:
        return None
    inside = run("git", "-C", project, "rev-parse", "--show-prefix", stdout=subprocess.PIPE).stdout.strip()
    if subprocess.run(["git", "-C", project, "cat-file", "-e", commit], check=False, stderr=subprocess.DEVNULL).returncode:
        run("git", "-C", project, "fetch", "--quiet", "--depth=1", "origin", commit)
    tree = folder / "base"
    run("git", "-C", project, "worktree", "add", "--force", "--quiet", "--detach", tree, commit)
    try:
        if not (tree / inside / "pyproject.toml").is_file():
            return None
        run(*CLI, "build", "--quiet", tree / inside, "--out", folder / "old", stdout=subprocess.DEVNULL)
    finally:
        run("git", "-C", project, "worktree", "remove", "--force", tree)
    return next((folder / "old").glob("*.tbrelease"), None)


def comment() -> int:
    """Write the report as a comment on the pull request, or update the comment that an earlier run wrote."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        return 0
    marker = f"<!-- hatch-tilebox: {os.environ['PROJECT'].replace('--', '__').replace('>', '_')} -->"
    body = f"{marker}\n{shorten(Path(os.environ['MARKDOWN']).read_text('utf-8'))}\n{link()}\n"
    comments = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues/{number}/comments"
    try:
        found = earlier_comment(comments, marker)
        if found is None:
            call("POST", comments, {"body": body})
        elif found["body"].strip() != body.strip():
            call("PATCH", f"repos/{os.environ['GITHUB_REPOSITORY']}/issues/comments/{found['id']}", {"body": body})
    except (OSError, ValueError, http.client.HTTPException) as error:
        # The token of a pull request from a fork may only read. The summary has the same text.
        print(f"::warning::The comment is not written ({str(error).splitlines()[0]}). The summary of the job has the report.")
    return 0


def earlier_comment(comments: str, marker: str) -> dict[str, Any] | None:
    """Return the comment of an earlier run. Only comments of bots count: anyone could write one with the same beginning."""
    page = 1
    while True:
        found = call("GET", f"{comments}?per_page={PAGE}&page={page}")
        for item in found:
            if item["body"].startswith(marker) and item["user"]["type"] == "Bot":
                return dict(item)
        if len(found) < PAGE:
            return None
        page += 1


def shorten(text: str) -> str:
    """Return a text that fits into a comment: without the parts that are folded away, then without its last lines."""
    if len(text) > LONGEST_COMMENT:
        text = text.partition("<details>")[0] + "\nThe report is longer than a comment; the summary of the job has all of it.\n"
    return text if len(text) <= LONGEST_COMMENT else text[:LONGEST_COMMENT].rpartition("\n")[0] + "\n"


def link() -> str:
    """Return a line with a link to the run, which has the release and the report as artifacts."""
    server, repository, run_id = (os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"))
    return f"[Release and report]({server}/{repository}/actions/runs/{run_id}#artifacts)"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, because the token would go to the new address."""

    def redirect_request(self, *arguments: Any) -> None:  # noqa: ARG002 -- the signature of the base class
        return None


def call(method: str, path: str, value: dict[str, str] | None = None) -> Any:
    """Call GitHub's API and return its answer. Raises OSError and ValueError."""
    request = urllib.request.Request(  # noqa: S310 -- the address is GitHub's own variable
        f"{os.environ['GITHUB_API_URL']}/{path}",
        data=None if value is None else json.dumps(value).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
            "User-Agent": "hatch-tilebox",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
        return json.load(answer)


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program. Raises CalledProcessError if it fails."""
    return subprocess.run(command, check=True, text=True, **options)


def append(variable: str, text: str) -> None:
    """Append to the file that a variable of GitHub names."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
