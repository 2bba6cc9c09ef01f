"""`idh work`: work that was given up because all its attempts have failed."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError

if TYPE_CHECKING:
    from idh_tasks.db.given_up import GivenUp

work = typer.Typer(no_args_is_help=True, help="Work that was given up because all its attempts have failed.")


@work.command("list")
def list_work(as_json: AsJson = False) -> None:
    """List what was given up, the latest first."""
    from idh_tasks.pipelines.operate import given_up

    found = given_up.listed(platform.open_platform(Role.MONITOR))
    output.show_each(found, as_json, _line, head=_columns("stage", "study", "code", "attempts", "reason"))


def _line(one: "GivenUp") -> str:
    return _columns(one.stage, one.item, one.code, str(one.attempts), one.reason or "")


def _columns(stage: str, item: str, code: str, attempts: str, reason: str) -> str:
    return f"{stage:8}  {item:24}  {code:16}  {attempts:8}  {reason}"


@work.command("retry")
def retry(
    studies: Annotated[
        list[str] | None, typer.Argument(metavar="STUDY", help="As `idh work list` prints it; by default all.")
    ] = None,
) -> None:
    """Have the next run of its stage try again what was given up."""
    from idh_tasks.pipelines.operate import given_up

    opened, operator = platform.open_platform(Role.PAGES), getpass.getuser()
    again = given_up.retry(opened, operator, items=studies) if studies else given_up.retry_all(opened, operator)
    if studies and not again:
        raise RunRefusedError(Code.E_NO_ENTRY, "nothing of this was given up")
    output.say(f"{again} will be tried again by the next run of preprocess_studies or predict_studies")
