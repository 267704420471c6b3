"""The worlds of the pages about releases."""

from __future__ import annotations

import shutil

from docs_pages import ROOT, blocks
from docs_place import Worlds, add_to, edit, next_version, reach_api, signing
from docs_world import quoted
from hand_made_releases import write_release

WORLDS = Worlds()


@WORLDS.of("docs/how-to/compare-releases.md")
def compare_releases(place):
    here = place.world_of("scene_qa")
    for version in ("1.0", "1.1"):
        write_release(place.base / "tree", here.folder, version=version)
    here.run("hatch-tilebox build --quiet && cp dist/*.tbrelease deployed.tbrelease")
    next_version(here)
    of_ci = "hatch-tilebox diff deployed.tbrelease"
    here.before[of_ci] = "rm dist/scene_qa-1.2.0.tbrelease"
    here.codes = {"hatch-tilebox diff --text": 3, of_ci: 3, "hatch-tilebox diff --json": 1}
    here.follow()


@WORLDS.of("docs/how-to/try-a-release.md")
def try_a_release(place):
    here = place.world_of("scene_qa")
    here.run("hatch-tilebox build --quiet")
    here.run(f"hatch-tilebox build --quiet {quoted(place.project('tile_mosaic'))} --out dist")
    here.codes["hatch-tilebox run dist/scene_qa-1.2.0.tbrelease --task CheckFootprint"] = 1
    here.follow()


@WORLDS.of("docs/how-to/verify-provenance.md")
def verify_provenance(place):
    here = place.world_of("scene_qa")
    here.env |= {"GIT_CONFIG_GLOBAL": str(place.base / "gitconfig")}
    options, _ = blocks(place.page, "toml")
    head, _, keys = options.text.partition("\n")
    edit(here.folder / "pyproject.toml", (head, f"{head}\n{keys}"))
    here.run("git init -q -b main && git remote add origin https://github.com/acme/scene-qa.git")
    here.run('git add -A && git -c user.name=Ada -c user.email=ada@example.org commit -qm "Add the workflow"')
    here.codes["hatch-tilebox verify dist/scene_qa-1.2.0.tbrelease --no-run --rebuild ."] = 1
    here.swaps["hatchling build"] = "python -m hatchling build"
    here.swaps["file:///srv/releases"] = "./store"
    here.before["hatch-tilebox verify dist/scene_qa-1.2.0.tbrelease --no-run --policy"] = "git checkout -q scene_qa"
    here.codes["hatch-tilebox publish dist/scene_qa-1.2.0.tbrelease --to file:///srv/releases --policy policy.toml --dry-run"] = 1
    here.follow(write=True)


@WORLDS.of("docs/how-to/see-a-release.md")
def see_a_release(place):
    here = place.world_of("scene_qa")
    here.env["BROWSER"] = "true"  # the program that --open starts
    here.run("hatch-tilebox build --quiet")
    next_version(here)
    here.run(f"hatch-tilebox build --quiet {quoted(place.project('tile_mosaic'))} --out dist")
    here.follow()


ORAS_PULL = "import sys, oras.client; oras.client.OrasClient(insecure=True).pull(target=sys.argv[1])"


@WORLDS.of("docs/how-to/publish.md")
def publish(place):
    here, api = place.world_of("scene_qa"), place.fixture("tilebox_api")
    (targets,) = [block for block in blocks(place.page, "toml") if block.title]
    add_to(here.folder / targets.title, targets.text)
    edit(here.folder / targets.title, ("staging-4qZk81", "staging"))  # the cluster that the API has
    add_to(here.folder / "pyproject.toml", '[tool.hatch.publish.tilebox]\nto = "tilebox"\n')
    reach_api(here, api)
    here.env = place.fixture("stand_in").on_path(here.env)
    here.venv()
    here.run("hatch-tilebox build --quiet")
    docker = place.base / "docker"
    registry = f"127.0.0.1:{place.fixture('oci_registry')()}"
    log_in = f"mkdir -p {quoted(docker)} && echo '{{\"auths\": {{}}}}' > {quoted(docker / 'config.json')}"
    here.env |= {"DOCKER_CONFIG": str(docker), "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    here.env["XDG_DATA_HOME"] = str(place.base / "data")
    here.swaps = {
        # Docker is no part of this: what counts is the file that it writes.
        "docker login ghcr.io": log_in,
        'echo "${{ secrets.GITHUB_TOKEN }}" | ': "",
        ' -u "${{ github.actor }}" --password-stdin': "",
        # What is on the internet stands on loopback here.
        "${{ github.repository }}": "acme/scene-qa",
        "ghcr.io": registry,
        # The program is on no package index, ORAS's client for Python is.
        "oras pull": f"{quoted(place.fixture('sdk_python'))} -c {quoted(ORAS_PULL)}",
        # The page names it as a hint: the project keeps its version here.
        "uv version --bump patch": "uv version --bump patch --dry-run",
        "TILEBOX_API_KEY=...": f"TILEBOX_API_KEY={api.key}",
        # The stand-in for Tilebox's tool is on PATH.
        "curl -fsSL https://cli.tilebox.com/install.sh | sh": "tilebox --version",
    }
    keep = "keyring set https://api.tilebox.com __token__"
    # Another release, so that there is an earlier one to go back to.
    here.before["hatch-tilebox rollback --cluster production"] = (
        "echo '# next' >> scene_qa/tasks.py && hatch-tilebox build -q --out next && hatch-tilebox publish -q next/*.tbrelease"
        " && hatch-tilebox deploy -q --latest --cluster production && sed -i '$d' scene_qa/tasks.py"
    )
    here.env["HATCH_TILEBOX_STATE_DIR"] = str(place.base / "state")
    here.before[keep] = "pip install --quiet keyring keyrings.alt"
    here.answers[keep] = ("Password for", api.key)
    here.follow()
    assert here.run("keyring get https://api.tilebox.com __token__").strip() == api.key


@WORLDS.of("docs/explanation/provenance.md")
def provenance(place):
    here = place.world_of("scene_qa")
    here.venv("hatch-tilebox[cli,sign]")
    with signing(here):
        here.run("hatch-tilebox build --quiet --sbom")
        here.follow()
    assert (here.folder / "dist/scene_qa-1.2.0.provenance.sigstore.json").exists()


@WORLDS.of("docs/how-to/write-a-destination.md")
def write_a_destination(place):
    here = place.world_of("single_file")
    here.tools()
    here.run("hatch-tilebox build --quiet && mkdir ../srv")
    here.swaps["/srv/"] = f"{place.base}/srv/"  # nobody else's folder
    here.env["HATCH_TILEBOX_PUBLISH_STALE"] = "true"  # the page writes the plugin into the project, after the build
    here.follow(write=True)


@WORLDS.of("docs/reference/cli.md")
def cli(place):
    folder = place.copy("scene_qa", "scene_qa")
    edit(folder / "tilebox.workflow.toml", ("staging-4qZk81", "staging"))  # the cluster that the API has
    add_to(folder / "tilebox.workflow.toml", '[targets.production]\nclusters = ["production"]\n')
    place.copy("scene_qa", "scene_qa/flows/scene-qa")
    place.copy("single_file", "scene_qa/path/to/project")
    here, api = place.world(folder), place.fixture("tilebox_api")
    reach_api(here, api)
    here.env = place.fixture("stand_in").on_path(here.env)
    here.env["HATCH_TILEBOX_PUBLISH_TO"] = "tilebox"
    here.venv()
    here.swaps["/srv/"] = f"{place.base}/srv/"  # nobody else's folder
    here.env["HATCH_TILEBOX_CACHE_DIR"] = str(place.base / "cache")
    (place.base / "plain").mkdir()
    (place.base / "plain/pyproject.toml").write_text('[project]\nname = "plain"\nversion = "1"\ndependencies = ["tilebox"]\n')
    shutil.copy(ROOT / "test_projects/single_file/runner.py", place.base / "plain")
    here.run("mkdir data ../srv && touch data/scene.tif")
    following = place.world(place.copy("scene_qa", "next"))
    next_version(following)
    shutil.copytree(following.folder / "dist", folder / "dist")
    here.before = {
        "hatch-tilebox adopt --yes": "cd ../plain",
        "hatch-tilebox check --strict": f"cd {quoted(folder)}",
        "hatch-tilebox projects": "rm -rf scene-qa/.git && git init -q -b main && git add -A && "  # the one that init made
        "git -c user.name=A -c user.email=a@example.org commit -q -m A",
        "hatch-tilebox inspect dist/scene_qa-1.2.0.tbrelease": "hatch-tilebox build --quiet",
        "hatch-tilebox deploy": f"export TILEBOX_API_KEY={api.key}; hatch-tilebox publish --to tilebox",
        "hatch-tilebox promote": "hatch-tilebox deploy -q --latest --cluster staging",
        "hatch-tilebox rollback": "hatch-tilebox publish -q --stale --allow-breaking dist/scene_qa-1.3.0.tbrelease"
        " && hatch-tilebox deploy -q --latest --cluster production",
        "hatch-tilebox undeploy": "hatch-tilebox deploy -q --latest --cluster staging",
        "hatch-tilebox unpublish": "hatch-tilebox undeploy --cluster production,canary,staging",
    }
    here.codes["hatch-tilebox diff"] = 3
    here.before["hatch-tilebox sign"] = "hatch-tilebox build --quiet"
    with signing(here):
        here.follow()


@WORLDS.of("docs/reference/publish.md")
def publish_reference(place):
    here = place.world_of("single_file")
    here.env["HATCH_TILEBOX_PUBLISH_TO"] = "./releases"
    here.run("hatch-tilebox build --quiet")
    here.follow()
