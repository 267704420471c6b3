"""A Tilebox API on loopback: the vendor's generated server application over a small store in memory.

Run in an environment with `tilebox-workflows` and `waitress`; the key is the only argument. The first line on stdout is the
port. Besides the published service it takes artifacts as `hatch_tilebox.publish.tilebox.artifacts` uploads them, and shows the
tests what it holds at `/state`. Limits are those of the annotations in the published definitions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
import uuid

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf.timestamp_pb2 import Timestamp
from tilebox.workflows.workflows.v1 import workflows_connect, workflows_pb2
from waitress import create_server

KEY = sys.argv[1]
LOCK = threading.RLock()
PAGE = 10


def make_id(value: uuid.UUID):
    message = workflows_pb2.Artifact().id
    message.uuid = value.bytes
    return message


def require(holds, what):
    if not holds:
        raise ConnectError(Code.INVALID_ARGUMENT, what)


class Service(workflows_connect.WorkflowsServiceSync):
    def __init__(self):
        self.workflows: dict[str, workflows_pb2.Workflow] = {}
        self.artifacts: dict[str, uuid.UUID] = {}
        self.clusters = {slug: {} for slug in ("default-cluster", "staging", "production", "canary")}
        self.clock = 0

    def create_workflow(self, request, _ctx):
        require(0 < len(request.name) <= 100, "name")
        require(request.summary, "summary")
        require(len(request.description) <= 50_000, "description")
        with LOCK:
            slug = re.sub(r"[^A-Za-z0-9:]+", "-", request.name)  # a name with a colon makes a shared workflow
            texts = {"name": request.name, "summary": request.summary, "description": request.description}
            return self.workflows.setdefault(slug, workflows_pb2.Workflow(slug=slug, **texts))

    def list_workflows(self, request, _ctx):
        """Pages of `PAGE` workflows; a page begins after the one whose number its id is."""
        with LOCK:
            after = int.from_bytes(request.page.starting_after.uuid, "big") if request.HasField("page") else 0
            slugs = list(self.workflows)
            page = [self.read(slug) for slug in slugs[after : after + PAGE]]
            answer = workflows_pb2.ListWorkflowsResponse(workflows=page)
            if slugs[after + PAGE :]:
                answer.next_page.limit = PAGE
                answer.next_page.starting_after.uuid = (after + PAGE).to_bytes(16, "big")
            return answer

    def get_workflow(self, request, _ctx):
        with LOCK:
            return self.read(request.workflow_slug)

    def read(self, workflow):
        found = workflows_pb2.Workflow()
        found.CopyFrom(self.workflow(workflow))
        for release in found.releases:
            slugs = [slug for slug, deployed in self.clusters.items() if deployed.get(found.slug) == release.id.uuid]
            release.clusters.extend(workflows_pb2.Cluster(slug=slug) for slug in slugs)
        return found

    def publish_workflow_release(self, request, _ctx):
        content = request.content
        require(re.fullmatch(r"[a-f0-9]{64}", content.fingerprint), "content.fingerprint")
        require(content.tasks, "content.tasks")
        with LOCK:
            workflow = self.workflow(request.workflow_slug)
            digests = {value.bytes: digest for digest, value in self.artifacts.items()}
            require(request.artifact_id.uuid in digests, "artifact_id")
            digest = digests[request.artifact_id.uuid]
            for release in workflow.releases:
                if (release.content.fingerprint, release.artifact.digest) == (content.fingerprint, digest):
                    return release
            self.clock += 1
            release = workflows_pb2.WorkflowRelease(
                id=make_id(uuid.uuid4()),
                artifact=workflows_pb2.Artifact(id=request.artifact_id, digest=digest),
                content=content,
                created_at=Timestamp(seconds=1_700_000_000 + self.clock),
            )
            workflow.releases.append(release)
            return release

    def unpublish_workflow_release(self, request, _ctx):
        with LOCK:
            release = self.release(request)
            if any(release.id.uuid in deployed.values() for deployed in self.clusters.values()):
                raise ConnectError(Code.FAILED_PRECONDITION, "the release is deployed")
            self.workflow(request.workflow_slug).releases.remove(release)
            return workflows_pb2.UnpublishWorkflowReleaseResponse()

    def deploy_workflow_release(self, request, _ctx):
        with LOCK:
            slugs = list(request.cluster_slugs) or ["default-cluster"]
            release = self.release(request)
            for slug in slugs:
                self.deployed_on(slug)[request.workflow_slug] = release.id.uuid
            return workflows_pb2.DeployWorkflowReleaseResponse(release=release, clusters=map(self.describe, slugs))

    def undeploy_workflow_release(self, request, _ctx):
        with LOCK:
            slugs = list(request.cluster_slugs) or ["default-cluster"]
            release = self.release(request) if request.HasField("release_id") else None
            for slug in slugs:
                deployed = self.deployed_on(slug)
                if release is None or deployed.get(request.workflow_slug) == release.id.uuid:
                    deployed.pop(request.workflow_slug, None)
            return workflows_pb2.UndeployWorkflowReleaseResponse(release=release, clusters=map(self.describe, slugs))

    def get_cluster(self, request, _ctx):
        with LOCK:
            return self.describe(request.cluster_slug or "default-cluster")

    def list_clusters(self, _request, _ctx):
        with LOCK:
            return workflows_pb2.ListClustersResponse(clusters=map(self.describe, self.clusters))

    def workflow(self, slug):
        require(re.fullmatch(r"([A-Za-z0-9-]+:)?[A-Za-z0-9-]{1,100}", slug), "workflow_slug")
        if slug not in self.workflows:
            raise ConnectError(Code.NOT_FOUND, f"workflow {slug} not found")
        return self.workflows[slug]

    def release(self, request):
        for release in self.workflow(request.workflow_slug).releases:
            if release.id.uuid == request.release_id.uuid:
                return release
        raise ConnectError(Code.NOT_FOUND, "release not found")

    def deployed_on(self, slug):
        if slug not in self.clusters:
            raise ConnectError(Code.NOT_FOUND, f"cluster {slug} not found")
        return self.clusters[slug]

    def describe(self, slug):
        cluster = workflows_pb2.Cluster(slug=slug, display_name=slug, deletable=slug != "default-cluster")
        for workflow, release_id in self.deployed_on(slug).items():
            releases = [release for release in self.workflows[workflow].releases if release.id.uuid == release_id]
            cluster.deployed_releases.append(workflows_pb2.Workflow(slug=workflow, releases=releases))
        return cluster


class Application:
    """The vendor's application, behind the key, beside the assumed artifact contract."""

    def __init__(self):
        self.service = Service()
        self.rpc = workflows_connect.WorkflowsServiceWSGIApplication(self.service)
        self.puts = 0

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/state":
            return self.answer(start_response, "200 OK", self.state())
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {KEY}":
            # A careless server: it repeats what it was given.
            given = environ.get("HTTP_AUTHORIZATION", "")
            return self.answer(start_response, "401 Unauthorized", {"code": "unauthenticated", "message": f"bad: {given}"})
        if path.startswith("/artifacts/") and environ["REQUEST_METHOD"] == "PUT":
            return self.artifact(environ, start_response, path.split("/")[2])
        return self.rpc(environ, start_response)

    def artifact(self, environ, start_response, digest):
        found = hashlib.sha256()
        while chunk := environ["wsgi.input"].read(2**16):
            found.update(chunk)
        if found.hexdigest() != digest:
            return self.answer(start_response, "422 Unprocessable Content", {"message": "digest"})
        with LOCK:
            self.puts += 1
            self.service.artifacts.setdefault(digest, uuid.uuid4())
        identifier = base64.b64encode(self.service.artifacts[digest].bytes).decode()
        return self.answer(start_response, "200 OK", {"id": {"uuid": identifier}, "digest": digest})

    def answer(self, start_response, status, value):
        body = json.dumps(value).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def state(self):
        with LOCK:
            return {
                "puts": self.puts,
                "artifacts": len(self.service.artifacts),
                "releases": {
                    slug: [[release.content.fingerprint, release.artifact.digest] for release in workflow.releases]
                    for slug, workflow in self.service.workflows.items()
                },
                "clusters": {slug: list(deployed) for slug, deployed in self.service.clusters.items()},
            }


server = create_server(Application(), host="127.0.0.1", port=0, threads=16)
print(server.effective_port, flush=True)
server.run()
