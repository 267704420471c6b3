"""`hatch-tilebox deploy`: deploy a published release to clusters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.all_option import ForAll
from hatch_tilebox.cli.current_project import named_clusters, open_here, pick_release, project_root, read_settings
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import FOLDER, cluster_options, output_options, policy_option, selection_options

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command(cls=ForAll)
@click.argument("root", type=FOLDER, required=False)
@cluster_options
@selection_options
@policy_option
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--plan", type=click.Path(dir_okay=False, path_type=Path), help="The file to apply; with --dry-run, to write.")
@output_options
def command(root: Path | None, *, dry_run: bool, plan: Path | None, output: Output, **given: Any) -> None:
    """Deploy a published release to the clusters of --target or --cluster, by default to the default cluster.

    The plan is shown: what runs on each cluster, what would run, which tasks change, and which jobs could no longer be retried. A
    cluster that already runs a task with the same name and version for another workflow is refused, because runners would
    advertise neither task.

    With --all, the latest release of each project in the folder ROOT and below it is deployed, after the plans of all were checked.

    Example: hatch-tilebox deploy --latest --target production
    """
    from hatch_tilebox.publish.deployer import find_published
    from hatch_tilebox.publish.deployment import apply_plan, deploy_release
    from hatch_tilebox.publish.notes import DeploymentNotes
    from hatch_tilebox.publish.plan import load_plan, make_plan, save_plan, show_plan
    from hatch_tilebox.publish.policy import check_published

    if root is not None:
        msg = "ROOT is for --all; a release is selected with --release ID or --latest"
        raise click.UsageError(msg)
    notes = DeploymentNotes()
    saved = load_plan(plan) if plan and not dry_run else None
    if saved and any(given[key] for key in ("selector", "latest", "target", "cluster", "workflow")):
        msg = "a saved plan names release and clusters: leave out the other options, or add --dry-run to write a new plan"
        raise click.UsageError(msg)
    clusters = tuple(each.cluster for each in saved.clusters) if saved else named_clusters(**given)
    policies = read_settings(project_root(), policy=given["policy"]).policies
    with output.progress() as progress, open_here(given["to"], progress) as destination:
        if saved:
            if policies:
                release = find_published(destination, saved.workflow, saved.release)
                check_published(policies, destination, release, clusters, progress)
            deployment = apply_plan(destination, saved, notes=notes, progress=progress)
        else:
            release = pick_release(destination, **given)
            if policies:
                check_published(policies, destination, release, clusters, progress)
            if dry_run:
                planned = make_plan(destination, release, clusters)
                show_plan(planned, progress)
                if plan:
                    save_plan(planned, plan)
                output.show(planned.to_dict())
                return
            deployment = deploy_release(destination, release, clusters, notes=notes, progress=progress)
    output.show(deployment.to_dict(), f"{deployment.release} runs on {', '.join(deployment.clusters)}")
    show_next("deploy", to=given["to"])
