"""Coverage-guided fuzzing of the archive reader with atheris, which is not among the development dependencies: it has wheels for
Linux and a few Pythons only. In an environment with hatch-tilebox and atheris:

    python tests/fuzz/fuzz_reader.py --seed CORPUS
    python tests/fuzz/fuzz_reader.py CORPUS -max_total_time=300 -rss_limit_mb=512

The first byte of an input says what the rest is: the file as it is, the tar stream of a good frame, or such a stream whose header
checksums are made right, so that the fuzzer gets past both checksums. The reader must give what the manifest names, under safe
paths, or raise a TileboxError; anything else ends the run.
"""

from __future__ import annotations

import hashlib
import sys
from io import BytesIO
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hatch_tilebox"]):
    from hatch_tilebox.archive.reader import open_archive
    from hatch_tilebox.archive.zstd import CompressionParameter, ZstdCompressor, ZstdDecompressor
    from hatch_tilebox.core.errors import TileboxError

GOLDEN = Path(__file__).parent.parent / "unit" / "archive" / "golden" / "scene_qa-1.0.tbrelease"
BLOCK = 512


def compress(stream: bytes) -> bytes:
    compressor = ZstdCompressor(options={CompressionParameter.compression_level: 1, CompressionParameter.checksum_flag: 1})
    compressor.set_pledged_input_size(len(stream))
    return compressor.compress(stream) + compressor.flush()


def with_checksums(stream: bytes) -> bytes:
    blocks = [stream[start : start + BLOCK] for start in range(0, len(stream), BLOCK)]
    for index, block in enumerate(blocks):
        if block[257:262] == b"ustar" and len(block) == BLOCK:
            total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
            blocks[index] = block[:148] + b"%06o\0 " % total + block[156:]
    return b"".join(blocks)


def test_one_input(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    if kind == b"s":
        rest = compress(rest)
    elif kind == b"c":
        rest = compress(with_checksums(rest))
    try:
        with open_archive(BytesIO(rest), "fuzzed") as archive:
            found = {entry: b"".join(chunks) for entry, chunks in archive.members()}
    except TileboxError:
        return
    for entry, content in found.items():
        parts = entry.path.split("/")
        if hashlib.sha256(content).hexdigest() != entry.sha256 or len(content) != entry.size or {"", ".", ".."} & set(parts):
            raise AssertionError(entry)


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = GOLDEN.read_bytes()
    stream = ZstdDecompressor().decompress(data)
    for name, seed in (("file", b"f" + data), ("stream", b"s" + stream), ("checksums", b"c" + stream)):
        (folder / name).write_bytes(seed)


if __name__ == "__main__":
    if sys.argv[1] == "--seed":
        write_seeds(Path(sys.argv[2]))
    else:
        atheris.Setup(sys.argv, test_one_input)
        atheris.Fuzz()
