"""The Tilebox API as a destination. All but the upload of an artifact's bytes is its published contract.

Source: the protobuf definitions of `workflows.v1`, https://github.com/tilebox/api
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.plugins.destination import Destination, PublishedRelease
from hatch_tilebox.publish.deployment import Cluster, Deployed, Deployer, no_such_release
from hatch_tilebox.publish.http import MAX_PAGES, Http, require_safe
from hatch_tilebox.publish.tilebox.artifacts import HttpTransport
from hatch_tilebox.publish.tilebox.connect import Connect, ConnectError, decode_id, encode_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.core.model import FileEntry, ReleaseManifest
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import ArtifactTransport, LocalRelease
    from hatch_tilebox.publish.http import Retries


class TileboxApi(Destination, Deployer):
    """The API at `url`. `artifact_url` is where it takes artifacts, `transport` replaces how.

    Raises PublishError where the key may not be sent to `url`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        artifact_url: str = "",
        artifact_key: str = "",
        transport: ArtifactTransport | None = None,
        retries: Retries | None = None,
        progress: Progress | None = None,
    ) -> None:
        require_safe(url)
        self.url = url.rstrip("/")
        self._http = Http(url, secrets=(key, artifact_key), retries=retries, progress=progress)
        self._connect = Connect(self._http, url, key)
        self._transport = transport or HttpTransport(self._http, artifact_url or f"{self.url}/artifacts", artifact_key or key)

    def find(self, release: LocalRelease) -> PublishedRelease | None:
        # A message may come without its artifact; the fingerprint alone then says what the release does.
        digests = {release.artifact.sha256, ""}
        found = (each for each in self.releases(release.workflow) if each.fingerprint == release.manifest.fingerprint)
        return next((each for each in found if each.digest in digests), None)

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        return self._transport.upload(release, progress)

    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        """Publish the release. The service says not whether it made it or had it, so who was told that it is missing made it."""
        request = {
            "workflowSlug": release.workflow,
            "artifactId": encode_id(uploaded),
            "content": release_content(release.manifest),
        }
        return self._read(release.workflow, self._connect.call("PublishWorkflowRelease", request)), True

    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        found = [
            self._read(item.get("slug", ""), release)
            for item in ([self._workflow(workflow)] if workflow else self._workflows())
            for release in item.get("releases", [])
        ]
        return sorted(found, key=lambda release: time_order(release.created_at or ""), reverse=True)

    def cluster(self, slug: str) -> Cluster:
        message = self._connect.call("GetCluster", {"clusterSlug": slug})
        deployed = tuple(
            Deployed(workflow.get("slug", ""), decode_id(release.get("id")), _tasks(release))
            for workflow in message.get("deployedReleases", [])
            for release in workflow.get("releases", [])
        )
        return Cluster(message.get("slug", slug), deployed)

    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        for found in self._workflow(workflow).get("releases", []):
            if decode_id(found.get("id")) == release:
                return _tasks(found)
        raise no_such_release(workflow, release)

    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        return self._map("DeployWorkflowRelease", workflow, release, clusters)

    def undeploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        return self._map("UndeployWorkflowRelease", workflow, release, clusters)

    def close(self) -> None:
        self._http.close()

    def _map(self, method: str, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        request = {"workflowSlug": workflow, "releaseId": encode_id(release), "clusterSlugs": list(clusters)}
        return tuple(cluster.get("slug", "") for cluster in self._connect.call(method, request).get("clusters", []))

    def _workflow(self, slug: str) -> dict[str, Any]:
        try:
            return self._connect.call("GetWorkflow", {"workflowSlug": slug})
        except ConnectError as error:
            if error.code != "not_found":
                raise
            hint = (
                "create it once with `hatch-tilebox init`, in the console, or with\n"
                "tilebox.workflows.Client().workflows().create(NAME, SUMMARY);\n"
                "then write the slug that it gets into tilebox.workflow.toml"
            )
            raise PublishError(Problem(f"{self.url} has no workflow {slug!r}", hint=hint)) from None

    def _workflows(self) -> Iterator[dict[str, Any]]:
        """All workflows, page by page."""
        request: dict[str, Any] = {}
        seen = [request]
        while len(seen) <= MAX_PAGES:
            answer = self._connect.call("ListWorkflows", request)
            yield from answer.get("workflows", [])
            if not answer.get("nextPage"):
                return
            request = {"page": answer["nextPage"]}
            if request in seen:
                raise PublishError(Problem(f"{self.url} lists its workflows in a circle: it names a page again"))
            seen.append(request)
        raise PublishError(Problem(f"{self.url} lists its workflows on more than {MAX_PAGES} pages", "name one with --workflow"))

    def _read(self, workflow: str, message: dict[str, Any]) -> PublishedRelease:
        return PublishedRelease(
            id=decode_id(message.get("id")),
            workflow=workflow,
            digest=message.get("artifact", {}).get("digest", ""),
            fingerprint=message.get("content", {}).get("fingerprint", ""),
            url=self.url,
            created_at=message.get("createdAt"),
            clusters=tuple(cluster.get("slug", "") for cluster in message.get("clusters", [])),
        )


def release_content(manifest: ReleaseManifest) -> dict[str, Any]:
    """The message `ReleaseContent` about a release, as JSON values."""
    content: dict[str, Any] = {
        "fingerprint": manifest.fingerprint,
        "tasks": [{"name": task.name, "version": task.version} for task in manifest.tasks],
        "files": file_tree(manifest.files),
    }
    if manifest.workflow.command:
        content["commandOverride"] = list(manifest.workflow.command)
    else:
        content["runnerObjectPath"] = manifest.workflow.runner
    return content


def file_tree(files: Sequence[FileEntry]) -> list[dict[str, Any]]:
    """One root node with all files below it: `Path` messages, each named by its own part of the path, in the archive's order."""
    top: list[dict[str, Any]] = []
    folders: dict[tuple[str, ...], list[dict[str, Any]]] = {(): top}
    for file in files:
        *parents, name = file.path.split("/")
        for depth, part in enumerate(parents, 1):
            if tuple(parents[:depth]) not in folders:
                children: list[dict[str, Any]] = []
                folders[tuple(parents[: depth - 1])].append({"path": part, "directory": True, "children": children})
                folders[tuple(parents[:depth])] = children
        folders[tuple(parents)].append({"path": name})
    return [{"path": ".", "directory": True, "children": top}]


def time_order(timestamp: str) -> tuple[str, str]:
    """What sorts a Timestamp message in JSON form: as texts, a whole second would come after its fractions."""
    seconds, _, fraction = timestamp.removesuffix("Z").partition(".")
    return seconds, fraction.ljust(9, "0")


def _tasks(release: dict[str, Any]) -> frozenset[tuple[str, str]]:
    tasks = release.get("content", {}).get("tasks", [])
    return frozenset((task.get("name", ""), task.get("version", "")) for task in tasks)
