"""Measure how publishing grows with the number of releases of one workflow, and publish one release many times at once.

    python benchmarks/publishing.py [folder] [registry] [api] [--releases 100 1000 10000] [--publishers 100]

`folder` is the embedded store, `registry` a real OCI registry on loopback (`docker-registry`), `api` the vendor's generated server
over a store in memory, which the tests use. Most releases are created without our client: as records of the store, as files of
the registry's storage with manifests that share their blobs, and with the published call of the API. Before, PUBLISHERS threads,
each with a connection of its own, publish the same new release. The table has the best of three times, or the first one if it
takes longer than 3 s, and how much longer the last column took than the one before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from time import perf_counter
from typing import TYPE_CHECKING

import httpx

from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployer import Deployer
from hatch_tilebox.publish.deployment import deploy_release
from hatch_tilebox.publish.fetch import select_published
from hatch_tilebox.publish.http.client import Http
from hatch_tilebox.publish.notes import VersionNotes
from hatch_tilebox.publish.oci.repository import FINGERPRINT, MANIFEST_TYPE, VERSION, OciRepository
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.store import ReleaseStore
from hatch_tilebox.publish.tilebox.api import TileboxApi
from hatch_tilebox.publish.tilebox.connect import Connect
from hatch_tilebox.publish.tilebox.messages import encode_id, release_content

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from hand_made_releases import write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_tilebox.plugins.destination import Destination, LocalRelease

SLUG = "scene-qa-5y9aK2"
KEY = "benchmark-key"
SLOW = 3.0
"""Seconds above which an operation is not repeated."""
SERVER = Path(__file__).parent.parent / "tests" / "integration" / "tilebox_server.py"
TASKS = tuple(Task(f"tests.Greet{number}", "v1.0", {"type": "string"}) for number in range(5))


class Place:
    """One kind of destination. `open` connects to it, `fill` adds releases with the numbers from `start` to `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Destination:
        raise NotImplementedError

    def fill(self, start: int, stop: int) -> None:
        raise NotImplementedError

    def release(self, version: str) -> LocalRelease:
        """Return a release with an archive of its own."""
        tree, dist = self.folder / "tree", self.folder / "dist"
        dist.mkdir(exist_ok=True)
        content = f"print({version!r})\n".encode()
        return open_release(write_release(tree, dist, slug=SLUG, version=version, tasks=TASKS, content=content))


class Folder(Place):
    """The embedded store."""

    def open(self) -> Destination:
        return ReleaseStore(self.folder / "store")

    def fill(self, start: int, stop: int) -> None:
        records = self.folder / "store" / "workflows" / SLUG
        template = json.loads(next(records.glob("*.json")).read_bytes())
        for number in range(start, stop):
            identifier, fingerprint = str(uuid.uuid4()), sha256(str(number).encode()).hexdigest()
            project = {"name": "scene-qa", "version": f"2.{number}.0"}
            record = {**template, "id": identifier, "fingerprint": fingerprint, "project": project}
            (records / f"{number + 1:08}-2.{number}.0-{identifier}.json").write_text(json.dumps(record))


class Registry(Place):
    """A real registry on loopback."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = folder / "registry.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder / 'registry'}}}}}\n"
            f"http: {{addr: '127.0.0.1:{self.port}', secret: s}}\n"
        )
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen(["docker-registry", "serve", str(config)], **quiet)
        while self.server.poll() is None:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
                break
            time.sleep(0.02)

    def open(self) -> OciRepository:
        return OciRepository(f"oci://127.0.0.1:{self.port}/acme/scene-qa")

    def fill(self, start: int, stop: int) -> None:
        """Write what the registry itself would: a request for each of three tags takes too long for thousands of releases."""
        storage = self.folder / "registry" / "docker" / "registry" / "v2"
        repository = storage / "repositories" / "acme" / "scene-qa" / "_manifests"
        with httpx.Client(trust_env=False) as client:
            url = f"http://127.0.0.1:{self.port}/v2/acme/scene-qa/manifests/1.0.0"
            manifest = client.get(url, headers={"Accept": MANIFEST_TYPE}).json()
        archive = manifest["layers"][0]["digest"].removeprefix("sha256:")
        for number in range(start, stop):
            version, fingerprint = f"2.{number}.0", sha256(str(number).encode()).hexdigest()
            manifest["annotations"] |= {VERSION: version, FINGERPRINT: fingerprint}
            content = json.dumps(manifest).encode()
            digest, tag = sha256(content).hexdigest(), f"{fingerprint}-{archive[:16]}"
            files = {storage / "blobs" / "sha256" / digest[:2] / digest / "data": content}
            names = [f"revisions/sha256/{digest}", *(f"tags/{name}/current" for name in (version, tag, f"{tag}.claim"))]
            files |= {repository / name / "link": f"sha256:{digest}".encode() for name in names}
            for path, data in files.items():
                path.parent.mkdir(parents=True)
                path.write_bytes(data)


class Api(Place):
    """The server of the tests."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        command = ["uv", "run", "-q", "--no-project", "--with", "tilebox-workflows", "--with", "waitress", "python", SERVER, KEY]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.server.stdout.readline())
        with closing(self.open()) as api:
            assert api.create_workflow(SLUG, "Measures") == SLUG

    def open(self) -> TileboxApi:
        url, notes = f"http://127.0.0.1:{self.port}", VersionNotes(self.folder / "versions.json")
        return TileboxApi(url, KEY, artifact_url=f"{url}/artifacts/", versions=notes)

    def fill(self, start: int, stop: int) -> None:
        local, url = self.release("1.0.0"), f"http://127.0.0.1:{self.port}"
        with closing(self.open()) as api, closing(Http(url)) as http:
            content = release_content(local.manifest)
            request = {"workflowSlug": SLUG, "artifactId": encode_id(api.upload(local, Progress())), "content": content}
            for number in range(start, stop):
                content["fingerprint"] = sha256(str(number).encode()).hexdigest()
                Connect(http, url, KEY).call("PublishWorkflowRelease", request)


PLACES = {"folder": Folder, "registry": Registry, "api": Api}


@contextmanager
def place(name: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        opened = PLACES[name](Path(folder))
        try:
            yield opened
        finally:
            if server := getattr(opened, "server", None):
                server.terminate()
                server.wait()


def best(action: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        began = perf_counter()
        action()
        times.append(perf_counter() - began)
        if times[0] > SLOW:
            break
    return min(times)


def measure(where: Place, count: int) -> dict[str, float]:
    """Return the seconds of each operation with `count` releases there."""
    local = where.release(f"1.{count}.0")
    with closing(where.open()) as destination:
        began = perf_counter()
        publish_release(local, destination)
        times = {"publish": perf_counter() - began}
        times["find"] = best(lambda: destination.find(local))
        times["latest"] = best(lambda: destination.latest(SLUG))
        times["with a version"] = best(lambda: destination.with_version(SLUG, local.manifest.project.version))
        times["list 50"] = best(lambda: destination.newest(SLUG, 50))
        assert destination.newest(SLUG, 50)[1] == count
        times["list all"] = best(lambda: destination.releases(SLUG))
        if isinstance(destination, Deployer):
            times["deploy the latest"] = best(lambda: deploy_release(destination, select_published(destination, SLUG, None), ()))
    return times


def publish_at_once(where: Place, publishers: int) -> str:
    """Publish one release from many threads at once, and return what came of it."""
    local, start = where.release("9.0.0"), Barrier(publishers)
    with closing(where.open()) as destination:
        before = destination.newest(SLUG, 1)[1]

    def publish(_: int) -> tuple[str, bool | None]:
        with closing(where.open()) as destination:
            start.wait()
            publication = publish_release(local, destination)
            assert publication.release
            return publication.release.id, publication.created

    began = perf_counter()
    with ThreadPoolExecutor(publishers) as threads:
        results = list(threads.map(publish, range(publishers)))
    seconds = perf_counter() - began
    with closing(where.open()) as destination:
        added = destination.newest(SLUG, 1)[1] - before
    ids, created = {each for each, _ in results}, [created for _, created in results].count(True)
    return f"{publishers} publishers: {added} release with {len(ids)} id, created by {created}, in {seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", metavar="PLACE", default=list(PLACES))
    parser.add_argument("--releases", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--publishers", type=int, default=100)
    options = parser.parse_args()
    for name in options.places:
        if name == "registry" and not shutil.which("docker-registry"):
            print("registry: docker-registry is not installed")
            continue
        with place(name) as where:
            with closing(where.open()) as destination:
                publish_release(where.release("1.0.0"), destination)
            print(f"\n{name}: {publish_at_once(where, options.publishers)}", flush=True)
            columns, there = [], 2
            for count in options.releases:
                where.fill(there, count - 1)
                columns.append(measure(where, count))
                there = count
            print(f"{name:<20}" + "".join(f"{count:>10}" for count in options.releases) + "    ratio")
            for row in columns[0]:
                times = [column[row] for column in columns]
                slope = f"{times[-1] / times[-2]:>9.1f}" if len(times) > 1 else ""
                print(f"{row:<20}" + "".join(f"{seconds * 1000:>7.0f} ms" for seconds in times) + slope, flush=True)


if __name__ == "__main__":
    main()
