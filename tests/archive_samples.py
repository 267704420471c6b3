"""Releases for tests of the archive: a good one, and the parts to forge bad ones from."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

from hatch_tilebox.archive import layout
from hatch_tilebox.core.model import MANIFEST_PATH, FileEntry, FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from pathlib import Path

SPLIT_PATH = f"scene_qa/{'tiles_' * 15}/{'bands_' * 15}.json"
LONG_PATH = f"scene_qa/{'tiles_' * 20}/{'bands_' * 20}.json"
CONTENTS = {
    "pyproject.toml": b'[project]\nname = "scene-qa"\nversion = "1.0"\n',
    "run.sh": b"#!/bin/sh\nexec uv run python -m tilebox.workflows.runner scene_qa.runner:runner\n",
    "scene_qa/block.bin": bytes(range(256)) * 2,
    "scene_qa/empty.py": b"",
    "scene_qa/runner.py": b"from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[])\n",
    LONG_PATH: b"[1]\n",
    SPLIT_PATH: b"[2]\n",
    "scene_qa/ä ö.txt": "Überflug\n".encode(),
}
EXECUTABLE = {"run.sh"}
WORKFLOW = Workflow("scene-qa-5y9aK2ydM1f76n", runner="scene_qa.runner:runner")
PROJECT = Project("scene-qa", "1.0", ">=3.10")
TASKS = (
    Task("scene_qa.tasks/Check", "v1.2", {"type": "string"}, "Check a scene.", "scene_qa.tasks:Check"),
    Task("scene_qa.tasks/Report", "v2.0"),
)


def entry_of(path: str, content: bytes) -> FileEntry:
    mode = "0755" if path in EXECUTABLE else "0644"
    return FileEntry(path, len(content), mode, hashlib.sha256(content).hexdigest())


def manifest_of(contents: dict[str, bytes] = CONTENTS, tasks: tuple[Task, ...] = TASKS) -> ReleaseManifest:
    return ReleaseManifest.of(WORKFLOW, PROJECT, tasks, [entry_of(*item) for item in contents.items()])


def write_project(root: Path, contents: dict[str, bytes] = CONTENTS) -> FileSet:
    files = []
    for path, content in contents.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        files.append(SelectedFile(path, str(file), len(content), path in EXECUTABLE))
    return FileSet(root, tuple(sorted(files, key=lambda file: file.path.encode())))


def pad(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def member(path: str, content: bytes, mode: str = "0644") -> bytes:
    return layout.member_header(path, len(content), mode, hashlib.sha256(content).hexdigest()) + pad(content)


def members_of(manifest: ReleaseManifest, contents: dict[str, bytes] = CONTENTS) -> list[bytes]:
    """The tar stream in members, the manifest first; joined and followed by `layout.END` they are a good stream."""
    return [member(MANIFEST_PATH, manifest.to_json())] + [
        member(file.path, contents[file.path], file.mode) for file in manifest.files
    ]


def compress(stream: bytes, *, size: bool = True, checksum: bool = True, window_log: int = 21) -> bytes:
    parameter = zstd.CompressionParameter
    options = {parameter.compression_level: 3, parameter.checksum_flag: int(checksum), parameter.window_log: window_log}
    compressor = zstd.ZstdCompressor(options=options)
    if size:
        compressor.set_pledged_input_size(len(stream))
    return compressor.compress(stream) + compressor.flush()


def archive(members: list[bytes], end: bytes = layout.END) -> bytes:
    return compress(b"".join(members) + end)


def forge(block: bytes, start: int, value: bytes, *, checksum: bool = True) -> bytes:
    """The member with other bytes in its header, whose checksum is made right again."""
    block = block[:start] + value + block[start + len(value) :]
    if not checksum:
        return block
    total = sum(block[:148]) + 8 * 32 + sum(block[156:512])
    return block[:148] + b"%06o\0 " % total + block[156:]
