"""`idh plan`: what was prepared with an earlier version, and what making it again costs."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.pages.plan import Group, Plan


def plan(as_json: AsJson = False) -> None:
    """Count the studies with patches of an earlier version, and say what making them again costs; start nothing."""
    from idh_tasks.pipelines.pages.plan import plan as read_plan

    found = read_plan(platform.open_platform(Role.MONITOR))
    output.show(_content(found), as_json, lambda _: _text(found))


def _content(found: "Plan") -> dict[str, object]:
    return {
        "version": found.version,
        "studies": found.studies,
        "labelled": found.labelled,
        "by_version": [asdict(group) for group in found.by_version],
        "by_year": [asdict(group) for group in found.by_year],
        "hours": found.hours(found.studies),
        "hours_labelled": found.hours(found.labelled),
        "most_tasks": found.slots,
        **asdict(found.progress),
    }


def _text(found: "Plan") -> str:
    progress = found.progress
    return "\n".join(
        [
            f"present version: {found.version}",
            f"studies with patches of an earlier version: {found.studies}, {found.labelled} of them labelled",
            *(f"  made with {_group(group)}" for group in found.by_version),
            *(f"  of {_group(group)}" for group in found.by_year),
            f"making them again: {_cost(found, found.studies)}; the labelled only: {_cost(found, found.labelled)}",
            f"waiting: {progress.new} new, {progress.waiting} to be made again, {progress.begun} of these begun",
            f"prepared today: {progress.prepared_today}; given up: {progress.given_up}; failed: {progress.failed}",
        ]
    )


def _group(group: "Group") -> str:
    return f"{group.name}: {group.studies}, {group.labelled} labelled"


def _cost(found: "Plan", studies: int) -> str:
    hours = found.hours(studies)
    if hours is None:
        return "not measured yet"
    return f"{hours:.1f} h of one task, {found.hours(studies, found.slots):.1f} h of {found.slots} at once"
