"""A stand-in for Tilebox's command-line tool: `tilebox workflow publish-release [PATH] --json` as its documentation describes it.

Called as `PYTHON stand_in_tilebox.py MODE LOG [ARGUMENT...]`: MODE is how it misbehaves ("" for not at all), and LOG a file that
gets a line about every call. It differs from the real tool in three ways: the tasks come from the manifest in the release where the
real tool starts the worker, the archive is not compressed, and its bytes go to where the tests' server takes them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from pathspec import GitIgnoreSpec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HELP = "Usage: tilebox workflow COMMAND\n\nCommands:\n  build-release\n"
KEYS = {"workflow": {"slug", "root", "runner", "command"}, "build": {"include", "exclude", "use_gitignore"}}


def fail(message, code=1):
    print(f"Error: {message}", file=sys.stderr)
    sys.exit(code)


def option(arguments, name, variable, default=""):
    """The value of an option, else of a variable."""
    if name in arguments:
        at = arguments.index(name)
        value = arguments[at + 1]
        del arguments[at : at + 2]
        return value
    return os.environ.get(variable, default)


def read_config(start):
    """The nearest configuration upward from a folder, and the folder it is in."""
    for folder in (start, *start.parents):
        path = folder / "tilebox.workflow.toml"
        if path.exists():
            config = tomllib.loads(path.read_text("utf-8"))
            for table, keys in KEYS.items():
                if unknown := set(config.get(table, {})) - keys:
                    fail(f"{path}: unknown keys {sorted(unknown)}")
            if not config["build"]["include"] or ("runner" in config["workflow"]) == ("command" in config["workflow"]):
                fail(f"{path}: invalid")
            return folder, config
    return fail("no tilebox.workflow.toml found")


def expression(glob):
    """A pattern as a regular expression: `**` spans folders, `*` and `?` do not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    known = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts))


def select(root, build, slug):
    """The paths of the files of the release."""
    include, exclude = ([expression(glob) for glob in build.get(key, ())] for key in ("include", "exclude"))
    ignore = root / ".gitignore"
    ignored = GitIgnoreSpec.from_lines(
        ignore.read_text().splitlines() if build.get("use_gitignore", True) and ignore.exists() else ()
    )
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return [
        path
        for path in paths
        if any(glob.fullmatch(path) for glob in include)
        and not any(glob.fullmatch(path) for glob in exclude)
        and not ignored.match_file(path)
        and path != f"{slug}.tar.zst"
    ]


def pack(root, paths):
    """A deterministic archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in paths:
            data = (root / path).read_bytes()
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def tree(paths):
    """The files as one root node of `Path` messages."""
    root = {"path": ".", "directory": True, "children": []}
    for path in paths:
        node = root
        *parents, name = path.split("/")
        for part in parents:
            found = next((child for child in node["children"] if child["path"] == part and child.get("directory")), None)
            if found is None:
                found = {"path": part, "directory": True, "children": []}
                node["children"].append(found)
            node = found
        node["children"].append({"path": name})
    return [root]


class Api:
    def __init__(self, url, key):
        self.url, self.key = url.rstrip("/"), key

    def send(self, method, path, body, kind):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind, "Connect-Protocol-Version": "1"}
        request = urllib.request.Request(f"{self.url}/{path}", data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return fail(f"{error.code}: {error.read().decode()}")

    def call(self, method, message):
        path = f"workflows.v1.WorkflowsService/{method}"
        return self.send("POST", path, json.dumps(message).encode(), "application/json")


def publish(start, api, mode):
    if not shutil.which("uv"):
        fail("uv not found on PATH")
    folder, config = read_config(start)
    workflow = config["workflow"]
    root = (folder / workflow.get("root", ".")).resolve()
    paths = select(root, config["build"], workflow["slug"])
    print(f"Resolved {len(paths)} files", file=sys.stderr, flush=True)
    if mode == "hang":
        # A process of its own, as a worker would be: nobody may be left.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        time.sleep(600)
    tasks = json.loads((root / ".tilebox/release.json").read_bytes())["tasks"]
    tasks = [{"name": task["name"], "version": task["version"]} for task in tasks]
    if mode == "other tasks":
        tasks[0]["version"] = "v9.9"
    if mode == "other files":
        paths.remove("pyproject.toml")
    start_with = {"commandOverride": workflow["command"]} if "command" in workflow else {"runnerObjectPath": workflow["runner"]}
    archive = pack(root, paths)
    digest = hashlib.sha256(archive).hexdigest()
    identity = json.dumps([tasks, digest, paths, start_with], sort_keys=True)
    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    artifact = api.send("PUT", f"artifacts/{digest}/{workflow['slug']}.tar.zst", archive, "application/zstd")
    print("Uploaded the artifact", file=sys.stderr, flush=True)
    content = {"fingerprint": fingerprint, "tasks": tasks, "files": tree(paths), **start_with}
    if mode == "crash before the release":
        os.abort()
    release = api.call(
        "PublishWorkflowRelease", {"workflowSlug": workflow["slug"], "artifactId": artifact["id"], "content": content}
    )
    if mode == "crash after the release":
        os.abort()
    identifier = release["id"]["uuid"]
    return {
        "id": decoded(identifier) if mode != "other id" else "11111111-1111-4111-8111-111111111111",
        "message": "Published workflow release",
        "fingerprint": fingerprint,
        "tasks": tasks,
        "files": paths,
    }


def decoded(uuid):
    import base64
    from uuid import UUID

    return str(UUID(bytes=base64.b64decode(uuid)))


def main(mode, log, *arguments):
    arguments = list(arguments)
    with Path(log).open("a") as file:
        print(json.dumps({"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}), file=file)
    if arguments[:1] == ["--version"]:
        print("tilebox version 0.9.0")
        return
    key = option(arguments, "--api-key", "TILEBOX_API_KEY")
    url = option(arguments, "--api-url", "TILEBOX_API_URL", "https://api.tilebox.com")
    if arguments[:2] != ["workflow", "publish-release"] or mode == "old":
        # A command that it does not know gets the help of the group, and no failure.
        print(HELP + ("" if mode == "old" else "  publish-release\n"))
        return
    as_json = "--json" in arguments
    places = [argument for argument in arguments[2:] if not argument.startswith("-")]
    if not key:
        fail("no API key: set TILEBOX_API_KEY or use --api-key")
    if mode == "talks":
        print(f"using key {key}\x1b[2J", file=sys.stderr)
    answer = publish(Path(*places[:1] or ["."]).resolve(), Api(url, key), mode)
    if mode == "garbage":
        print(f"Published {answer['id']} with {key}")
    elif mode == "no object":
        print(json.dumps([answer]))
    elif mode == "no id":
        print(json.dumps({**answer, "id": None}))
    elif mode == "large":
        print(json.dumps({**answer, "message": "x" * 200_000}), end="")
    elif as_json:
        print(json.dumps(answer, indent=2))
    else:
        print(answer["id"])


if __name__ == "__main__":
    main(*sys.argv[1:])
