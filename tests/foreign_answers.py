"""Untrusted input: archives with any manifest, and stores and registries with any content."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

from archive_samples import archive, manifest_of, member, members_of

from hatch_tilebox.core.model import MANIFEST_PATH, canonical_json

__all__ = ["archive", "forged_archive", "registry", "run", "store_with"]

MANIFEST = manifest_of()
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def run(*arguments, folder, **environment):
    """Run a command, check that it prints no traceback, and return exit code, stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "300", **environment},
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return done.returncode, out, err


def forged_archive(**tables):
    """An archive whose manifest has other values in `project` or `workflow`, and is good otherwise."""
    data = MANIFEST.to_dict()
    for table, values in tables.items():
        data[table] = {**data[table], **values}
    return archive([member(MANIFEST_PATH, canonical_json(data)), *members_of(MANIFEST)[1:]])


def store_with(root, data, *, slug=MANIFEST.workflow.slug, identifier="0f2d54a8-6a3c-5f0e-9a55-0d6d3c1b7e11", **changes):
    """A store in the folder `root` with one release, whose archive is `data`, registered with anything."""
    digest = hashlib.sha256(data).hexdigest()
    record = {
        "id": identifier,
        "workflow": slug,
        "project": {"name": "scene-qa", "version": "1.0"},
        "digest": digest,
        "size": len(data),
        "fingerprint": MANIFEST.fingerprint,
        "created_at": "2026-01-01T00:00:00Z",
        **changes,
    }
    for path, content in (
        ("tilebox-store.json", b'{"format": 1}'),
        (f"blobs/sha256/{digest[:2]}/{digest}", data),
        (f"workflows/{slug}/00000001-1.0-{identifier}.json", json.dumps(record).encode()),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def registry(data, *, tags=None, blob=None):
    """An `answer` of a registry that has one release with the archive `data`. `tags` and `blob` answer for themselves."""
    config = MANIFEST.to_json()
    held = {f"sha256:{hashlib.sha256(content).hexdigest()}": content for content in (config, data)}
    digests = dict(zip(("config", "layer"), held, strict=True))
    notes = {
        "io.github.hatch-tilebox.workflow": MANIFEST.workflow.slug,
        "io.github.hatch-tilebox.fingerprint": MANIFEST.fingerprint,
        "org.opencontainers.image.version": "1.0",
    }
    manifest = json.dumps(
        {
            "config": {"digest": digests["config"], "size": len(config)},
            "layers": [{"digest": digests["layer"], "size": len(data)}],
            "annotations": notes,
        }
    ).encode()
    tag = f"{MANIFEST.fingerprint}-{digests['layer'].removeprefix('sha256:')[:16]}"

    def answer(method, path, headers, body):
        name = path.partition("?")[0].rpartition("/")[2]
        if "/tags/" in path:
            return tags(path) if tags else (200, {}, json.dumps({"tags": [tag, "latest"]}).encode())
        if "/manifests/" in path and not name.startswith("sha256-"):  # the tag that lists documents does not exist
            return (200, {"Content-Type": MANIFEST_TYPE}, manifest) if method == "GET" else (201, {}, b"")
        if name in held:
            return blob(method, path, headers, held[name]) if blob else (200, {}, held[name])
        return 404, {}, b""

    return answer
