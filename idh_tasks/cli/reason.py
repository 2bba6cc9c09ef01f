"""The option `--reason` of commands that undo what a person decided."""

from typing import Annotated

import typer


def _stated(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("say why")
    return reason.strip()


Reason = Annotated[str, typer.Option("--reason", callback=_stated, help="Kept in the audit log; name no patient.")]
