"""The use of memory is limited for any archive."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from archive_samples import manifest_of, member, zstd

from hatch_tilebox.archive import layout
from hatch_tilebox.core.model import MANIFEST_PATH

MIB = 2**20
MEMBER_SIZE = 2 * 2**30

PACK = """
files = FileSet(root, (SelectedFile("scene.bin", str(root / "scene.bin"), (root / "scene.bin").stat().st_size),))
manifest = ReleaseManifest.of(Workflow("scenes", runner="a:b"), Project("scenes", "1.0"), [], hash_files(files))
artifact = write_archive(manifest, files, root / "a.tbrelease")
assert check_archive(artifact.path) == (manifest, artifact)
"""
CHECK = """
try:
    check_archive(root / "a.tbrelease")
except TileboxError as error:
    print(error)
"""


def peak_memory(root, script):
    """What the script prints, and the bytes that it took above an interpreter with the same modules."""
    begin = (
        "import resource, sys; from pathlib import Path; from hatch_tilebox.archive.reader import check_archive; "
        "from hatch_tilebox.archive.source import hash_files; from hatch_tilebox.archive.writer import write_archive; "
        "from hatch_tilebox.core.errors import TileboxError; "
        "from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Workflow; root = Path(sys.argv[1]); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    )
    end = "\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", begin + script + end, root], env=environment, capture_output=True, text=True, check=True
    )
    *printed, memory = run.stdout.splitlines()
    unit = 1 if sys.platform == "darwin" else 1024
    return "\n".join(printed), int(memory) * unit


def test_member_of_two_gib_is_packed_and_checked_in_bounded_memory(tmp_path):
    with (tmp_path / "scene.bin").open("wb") as file:
        file.truncate(MEMBER_SIZE)
    _, memory = peak_memory(tmp_path, PACK)
    assert memory < 128 * MIB


def bomb(manifest, size):
    """An archive with a member of `size` zeros that the manifest does not name. Written in pieces: it is large."""
    options = {zstd.CompressionParameter.checksum_flag: 1, zstd.CompressionParameter.compression_level: 1}
    compressor = zstd.ZstdCompressor(options=options)
    head = member(MANIFEST_PATH, manifest.to_json()) + layout.member_header("bomb.bin", size, "0644", "")
    compressor.set_pledged_input_size(len(head) + size + len(layout.END))
    yield compressor.compress(head)
    for _ in range(size // MIB):
        yield compressor.compress(bytes(MIB))
    yield compressor.compress(layout.END) + compressor.flush()


def test_bomb_is_refused_at_its_first_block(tmp_path):
    with (tmp_path / "a.tbrelease").open("wb") as file:
        file.writelines(bomb(manifest_of({}), 2**30))
    printed, memory = peak_memory(tmp_path, CHECK)
    assert "'bomb.bin' is not in the manifest" in printed
    assert memory < 32 * MIB


UNITS = {
    "objects": b"{},",
    "arrays": b"[],",
    "nested": b'{"a":{"b":[]}},',
    "texts": b'"ab",',
    "wide": '"\N{EARTH GLOBE EUROPE-AFRICA}",'.encode(),
    "numbers": b"1.0,",
}


@pytest.mark.parametrize("kind", [*UNITS, "keys", "limit"])
def test_hostile_manifest_is_read_in_bounded_memory(tmp_path, kind):
    start, end = manifest_of().to_json().split(b'"input_schema":null')
    room = layout.MAX_MANIFEST_SIZE - len(start) - len(end) - 50
    if kind == "keys":
        value = b"{" + b",".join(b'"%05x":1' % number for number in range(room // 10)) + b"}"
    else:
        unit = UNITS.get(kind, UNITS["nested"])
        count = room // len(unit) if kind != "limit" else layout.MAX_MANIFEST_PARTS // 3 - 20
        units = unit * count
        if kind == "limit":
            units += UNITS["wide"] + UNITS["texts"] * ((room - len(units)) // len(UNITS["texts"]) - 2)
        value = b"[" + units[:-1] + b"]"
    content = start + b'"input_schema":{"a":' + value + b"}" + end
    stream = member(MANIFEST_PATH, content) + layout.END
    options = {zstd.CompressionParameter.checksum_flag: 1, zstd.CompressionParameter.compression_level: 1}
    (tmp_path / "a.tbrelease").write_bytes(zstd.compress(stream, options=options))
    printed, memory = peak_memory(tmp_path, CHECK)
    assert "pyproject.toml' is in the manifest, but not in the archive" in printed or "objects and arrays" in printed
    assert memory < 224 * MIB
