"""`idh audit`: the integrity of the audit log."""

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

audit = typer.Typer(no_args_is_help=True, help="The integrity of the audit log.")


@audit.callback()
def _group() -> None:
    # Without a callback, typer turns a group's only command into the group itself.
    pass


@audit.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Check that no audit event was changed or removed, also against the heads recorded in the object store."""
    from idh_tasks.pipelines.operate.audit import verify as verify_chain

    output.show(verify_chain(platform.open_platform(Role.MONITOR)), as_json)
