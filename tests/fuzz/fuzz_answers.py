"""Coverage-guided fuzzing of what is around an archive: manifests, files of a store, answers of a registry.

It needs atheris like `fuzz_reader.py`. In an environment with `hatch-tilebox[publish]` and atheris:

    python tests/fuzz/fuzz_answers.py --seed CORPUS
    python tests/fuzz/fuzz_answers.py CORPUS -max_total_time=300 -rss_limit_mb=512 -max_len=8192

The first byte of an input says what it is for: `m` a manifest, `s` a store, `r` a registry. For the last two, the second byte says
which file or answer is replaced, and for a registry the third one its status and headers. A fetch must give the release that was
there, in the folder that was named, or raise a TileboxError, and a manifest keeps to its rules; anything else ends the run.
"""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import atheris

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

with atheris.instrument_imports(include=["hatch_tilebox"]):
    from archive_samples import members_of
    from foreign_answers import MANIFEST, archive, registry, store_with
    from loopback import serve

    from hatch_tilebox.core.errors import TileboxError
    from hatch_tilebox.core.json_text import parse_json
    from hatch_tilebox.core.model import ReleaseManifest, release_filename
    from hatch_tilebox.core.temporary import temporary_folder
    from hatch_tilebox.publish.fetch import fetch_release, select_published
    from hatch_tilebox.publish.http.retries import Retries
    from hatch_tilebox.publish.oci.repository import OciRepository
    from hatch_tilebox.publish.store import ReleaseStore

DATA = archive(members_of(MANIFEST))
ONCE = Retries(attempts=1, first=0, longest=0)
KEPT = ExitStack()  # the fuzzer ends without clean-up; the next run sweeps
PLACE = KEPT.enter_context(temporary_folder(prefix="fuzz-answers-")) / "place"
STORE = store_with(PLACE / "store", DATA)
FILES = {path.relative_to(STORE): path.read_bytes() for path in sorted(STORE.rglob("*")) if path.is_file()}
STATUSES = (200, 200, 200, 206, 302, 401, 404)
HEADERS = (
    {},
    {"Link": "</v2/a/b/tags/list>; rel=next"},
    {"Link": "http://[; rel=next"},
    {"Location": "//other.example/x"},
    {"Content-Encoding": "gzip"},
    {"Content-Type": "text/plain; charset=zlib"},
    {"WWW-Authenticate": 'Bearer realm="http://['},
    {"Content-Range": "bytes 0-" + "9" * 5000},
)


def read_manifest(content: bytes) -> None:
    try:
        found = ReleaseManifest.from_dict(parse_json(content))
    except ValueError:
        return
    name = release_filename(found.project)
    if not re.fullmatch(r"[a-z0-9_]+-[a-z0-9!.+_]+\.tbrelease", name, re.IGNORECASE):
        raise AssertionError(name)
    if not re.fullmatch("[A-Za-z0-9-]{1,100}", found.workflow.slug):
        raise AssertionError(found.workflow.slug)


def fetch(source: ReleaseStore | OciRepository) -> None:
    to = PLACE / "to"
    with suppress(TileboxError):
        fetch_release(source, select_published(source, None, None), to)
    found = {path.relative_to(PLACE).parts[0] for path in PLACE.iterdir()}
    got = [path.read_bytes() for path in to.iterdir()] if to.exists() else []
    shutil.rmtree(to, ignore_errors=True)
    if not found <= {"store", "to"} or got not in ([], [DATA]):
        raise AssertionError((found, got))


def read_store(which: int, content: bytes) -> None:
    path = [*FILES][which % len(FILES)]
    (STORE / path).write_bytes(content)
    try:
        fetch(ReleaseStore(STORE))
    finally:
        (STORE / path).write_bytes(FILES[path])


class Registry:
    """A registry that gives a forged answer to one of the requests."""

    def __init__(self) -> None:
        self.good, self.left, self.forged = registry(DATA), 0, (200, {}, b"")

    def __call__(self, *request: object) -> tuple[int, dict[str, object], bytes]:
        self.left -= 1
        status, headers, content = self.good(*request)
        return (self.forged[0], {**headers, **self.forged[1]}, self.forged[2]) if self.left == -1 else (status, headers, content)


REGISTRY = Registry()


def read_registry(host: str, which: int, kind: int, content: bytes) -> None:
    REGISTRY.left = which % 5
    REGISTRY.forged = STATUSES[kind % len(STATUSES)], HEADERS[kind // len(STATUSES) % len(HEADERS)], content
    with closing(OciRepository(f"oci://{host}/a/b", retries=ONCE)) as repository:
        fetch(repository)


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest").write_bytes(b"m" + MANIFEST.to_json())
    for number, content in enumerate(FILES.values()):
        (folder / f"store-{number}").write_bytes(b"s" + bytes([number]) + content)
    for number in range(5):
        (folder / f"registry-{number}").write_bytes(b"r" + bytes([number, 0]) + MANIFEST.to_json())
        (folder / f"tags-{number}").write_bytes(b"r" + bytes([number, 7]) + b'{"name": "a/b", "tags": ["1.0"]}')


def main() -> None:
    if sys.argv[1] == "--seed":
        write_seeds(Path(sys.argv[2]))
        return
    with serve(REGISTRY) as (host, _):

        def test_one_input(data: bytes) -> None:
            if data[:1] == b"m":
                read_manifest(data[1:])
            elif data[:1] == b"s" and len(data) > 1:
                read_store(data[1], data[2:])
            elif data[:1] == b"r" and len(data) > 2:
                read_registry(host, data[1], data[2], data[3:])

        atheris.Setup(sys.argv, test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
