"""`idh check`: tests the connections of the platform, as the page *Sources and settings* does."""

import os
import sys
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source

if TYPE_CHECKING:
    from idh_tasks.db.checks import SourceCheck
    from idh_tasks.pipelines.platform import Platform


def check(
    sources: Annotated[
        list[Source] | None, typer.Argument(help="Connections without `idh_`, such as pacs; by default all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Test the connections: exit code 0 if all that are configured work, 1 if one does not. Nothing is changed."""
    from idh_tasks.db.checks import Outcome
    from idh_tasks.pipelines.operate.check import check as check_source

    _ = _opened(Role.INGEST).database  # bad settings are refused before anything is tested
    origin = "environment" if "IDH_DATABASE_URL" in os.environ else "local installation"
    found = [check_source(_opened, source, origin) for source in sources or filter(_can_log_in, Source)]
    output.show_each(found, as_json, _line, head=f"{'source':14} {'outcome':14} what was found")
    sys.exit(any(one.outcome is Outcome.FAILED for one in found))


def _opened(role: Role) -> "Platform":
    return platform.open_platform(role)


def _can_log_in(source: Source) -> bool:
    """Return whether this process has the login of a source: `IDH_DATABASE_URL` is that of one role."""
    url = os.environ.get("IDH_DATABASE_URL")
    return url is None or not source.startswith("db_") or source == f"db_{_user(url)}"


def _user(url: str) -> str:
    return (urlsplit(url).username or "").removeprefix("idh_")


def _line(found: "SourceCheck") -> str:
    parts = [f"{found.source:14} {found.outcome:14} {found.sentence}"]
    if found.code is not None:
        parts += [f"{'':14} {found.code}: {found.code.remedy}"]
    return "\n".join(parts)
