"""`idh audit`: the log of who did what."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

audit = typer.Typer(no_args_is_help=True, help="The log of who did what.")


@audit.callback()
def audit_group() -> None:
    """Keep `verify` a command of its own."""


@audit.command("verify")
def verify(as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False) -> None:
    """Check that no audit event was altered or removed, and print the last hash to keep elsewhere."""
    from idh_tasks.cli.platform import open_platform
    from idh_tasks.pipelines.operate.audit import verify as verify_chain

    chain = verify_chain(open_platform())
    text = json.dumps(asdict(chain)) if as_json else f"{chain.events} events, last hash {chain.head}"
    sys.stdout.write(f"{text}\n")
