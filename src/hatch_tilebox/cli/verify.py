"""`hatch-tilebox verify`: check that a release is complete and starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.console import show_problems
from hatch_tilebox.cli.current_project import named_or_project, project_root, read_settings
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import cold_option, env_option, output_options, policy_option, timeout_option, trust_option
from hatch_tilebox.cli.output import problem_json, show_json, show_line
from hatch_tilebox.cli.signature import checked_signature
from hatch_tilebox.core.short_forms import short_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.policy import Policy
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.pipeline.verify import Verification
    from hatch_tilebox.rebuild.rebuild import Rebuild


_REBUILD = "Build it again from its commit, or from a folder or an sdist, and compare."


def _source(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Path | Literal[""] | None:
    """Return the value of `--rebuild`: None if it is not given, and "" without SOURCE."""
    if not value:
        return None if value is None else ""
    path = Path(value)
    if path.name.endswith(".tbrelease"):
        msg = "write the release before --rebuild"
        raise click.BadParameter(msg)
    if not path.exists():
        msg = f"{value!r} does not exist; SOURCE is a folder or an sdist."
        raise click.BadParameter(msg)
    return path


@click.command(cls=ForAll)
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--no-run", is_flag=True, help="Only check the file; do not start its worker.")
@click.option(
    "--offline-start", is_flag=True, help="Start the worker without network, after its environment is installed. Linux only."
)
@click.option("--runner", is_flag=True, help="Start it on each Python of the official runner image that this machine has.")
@click.option("--rebuild", metavar="[SOURCE]", is_flag=False, flag_value="", callback=_source, help=_REBUILD)
@cold_option
@policy_option
@timeout_option
@trust_option
@env_option
@output_options
def command(
    file: Path | None,
    *,
    rebuild: Path | Literal[""] | None,
    policy: Path | None,
    trust_config: Path | None,
    env: tuple[str, ...],
    output: Output,
    **start: Any,
) -> None:
    """Check all of FILE, then unpack it and start its worker as a release runner does.

    Without FILE, the release of the project in the current folder, built if it is out of date.

    The worker must register the tasks that the release names, without files of this machine: its home folder is empty, and the
    project is not at hand. This runs the code in FILE.

    With --rebuild, the release is built again from the commit in its statement of provenance, or from SOURCE, and must have the
    same content. This runs the code there.

    A signature of the provenance, and the rules in the file of --policy, are checked first. If one is not good, no code is run.

    Example: hatch-tilebox verify dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.pipeline.verify import verify_release
    from hatch_tilebox.project.build_options import options_without_project

    policies = read_settings(project_root(), policy=policy).policies
    release = _release(file)
    defaults = options_without_project()
    variables = (*defaults.pass_environment, *env)

    with output.progress() as progress:
        path = named_or_project(release, progress, variables)
        signature, refused = checked_signature(path, trust_config, progress)
        refused = (*refused, *_broken_rules(path, policies, trust_config, progress))
        result = verify_release(
            path,
            run=not (start["no_run"] or refused),
            offline=start["offline_start"],
            runner=start["runner"],
            cold=start["cold"] or not defaults.cache,
            timeout=start["timeout"],
            variables=variables,
            progress=progress,
        )
        if result.tasks and not output.as_json:
            progress.table(("Task", "Version"), result.tasks)
        wanted = rebuild is not None and not refused
        again, problems = _rebuild(result, rebuild or None, variables, progress) if wanted else (None, ())
    problems = (*refused, *result.problems, *problems)
    if output.as_json:
        found = {
            "ok": not problems,
            "tasks": [{"name": name, "version": version} for name, version in result.tasks],
            "signer": signature.signer and signature.signer.to_dict(),
            "problems": [problem_json(problem) for problem in problems],
        }
        show_json(found if rebuild is None else {**found, "rebuild": again and again.to_dict()})
    if not output.as_json or repository_of():
        show_problems(problems)
    if problems:
        raise click.exceptions.Exit(1)
    if not output.as_json and result.artifact:
        digest = f"sha256:{result.artifact.sha256}"
        show_line(f"{path}: ok, {digest if output.whole_ids else f'digest {short_id(digest)}'}")
        if signature.text:
            show_line(f"{path}: {signature.text}")
    show_next("verify", file=file)


def _rebuild(
    result: Verification, source: Path | None, variables: tuple[str, ...], progress: Progress
) -> tuple[Rebuild | None, tuple[Problem, ...]]:
    """Build the release again, from its commit without `source`. Return the comparison, if there is one, and the problems."""
    from hatch_tilebox.core.errors import TileboxError
    from hatch_tilebox.rebuild.rebuild import rebuild_release

    if result.manifest is None or result.artifact is None:
        return None, ()
    try:
        again = rebuild_release(result.manifest, result.artifact, source, variables=variables, progress=progress)
    except TileboxError as error:
        return None, error.problems
    for warning in again.warnings():
        progress.warning(warning)
    return again, tuple(again.problems(result.artifact.path))


def _broken_rules(path: Path, policies: Sequence[Policy], trust: Path | None, progress: Progress) -> list[Problem]:
    """Return a problem for each rule that the release breaks."""
    from hatch_tilebox.archive.reader import check_archive
    from hatch_tilebox.core.errors import ArchiveError
    from hatch_tilebox.publish.policy_rules import Evidence, broken_rules
    from hatch_tilebox.publish.steps import show_step

    if not policies:
        return []
    if any(policy.rules.compatible for policy in policies):
        progress.note("The rule compatible is left out: publish and deploy check it.")
    with show_step(progress, "Checking the policy") as done:
        done.append(", ".join(policy.name for policy in policies))
        try:
            evidence = Evidence(*check_archive(path), trust=trust)
        except ArchiveError:  # which is reported by the verification
            return []
        return [problem for policy in policies for problem in broken_rules(policy, evidence)]


def _release(file: Path | None) -> Path | None:
    """Return the release to verify: None for that of the current folder. With `--all`, it is the current one there."""
    if repository := repository_of():
        from hatch_tilebox.project.releases import current_release

        return current_release(Path.cwd(), repository)
    if file is not None and file.is_dir():
        msg = f"File {str(file)!r} is a directory."
        raise click.BadParameter(msg, param_hint="'FILE'")
    return file
