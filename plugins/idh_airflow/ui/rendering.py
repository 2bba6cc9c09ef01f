"""Turns templates into pages."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from idh_airflow.places import MOUNT
from idh_airflow.ui.rights import Right
from idh_tasks.codes import Code, catalogue
from idh_tasks.domain.learning import CONTROL_LIMIT, FALSE_ALARMS
from idh_tasks.domain.performance import no_better
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.pages.events import is_id
from idh_tasks.pipelines.pages.listing import MOST_COUNTED
from idh_tasks.settings import Settings

FOLDER = Path(__file__).parent
PLACES = ("number", "before", "first")
"""Parameters that say where a list is continued."""


@dataclass(frozen=True)
class Page:
    """A page in the menu, and the name of the right that it needs."""

    path: str
    title: str
    right: str = Right.VIEW.name


MENU = (
    Page("/", "Tonight"),
    Page("/studies/", "Studies"),
    Page("/cohort/", "Cohort"),
    Page("/review/", "Review"),
    Page("/models/", "Models"),
    Page("/held/", "Held"),
    Page("/plan/", "Plan"),
    Page("/sources/", "Sources and settings"),
    Page("/audit/", "Audit", Right.AUDIT.name),
)
"""The pages in the order of the menu."""


def _plain_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _second(moment: datetime) -> str:
    """Return a moment in UTC to the second, with its zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _time(moment: datetime) -> Markup:
    """Return a moment as an element that never breaks; an attribute takes `plain_time`."""
    return Markup("<time>{}</time>").format(_plain_time(moment))


def _moment(moment: datetime) -> str:
    """Return a moment in UTC as a parameter of an address."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _age(moment: datetime) -> str:
    """Return how long ago a moment was, in the largest full unit."""
    hours = int((datetime.now(UTC) - moment).total_seconds() // 3600)
    count, unit = (hours // 24, "day") if hours >= 24 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}" if count else "less than an hour"


def _patches(sequences: Collection[str]) -> str:
    """Return of which sequences a study has patches, by what it lacks: a table has no room for six names."""
    lacking = [sequence.written for sequence in MODEL_SEQUENCES if sequence not in sequences]
    if not sequences:
        return "–"
    return f"{len(sequences)} of {len(MODEL_SEQUENCES)}, no {', '.join(lacking)}" if lacking else "all"


def _breakable(name: str) -> Markup:
    """Return a name that may break after an underscore, and nowhere else."""
    return escape(name).replace("_", Markup("_<wbr>"))


def _signed(value: float) -> str:
    """Return a number with its sign, which nought has not."""
    return f"{round(value, 3):+.3f}".replace("-", "−") if round(value, 3) else "0.000"


def _typeset(text: object) -> str:
    """Return a sentence with true minus signs, and a space before the per cent sign, as the pages write numbers."""
    return re.sub(r"(?<=\d)%", "\N{NO-BREAK SPACE}%", re.sub(r"(?<![\w.-])-(?=[\d.])", "−", str(text)))


def _in_order(sequences: Iterable[str]) -> list[str]:
    """Return names of sequences in the order of the protocol."""
    return sorted(sequences, key=lambda name: MrSequence(name).place)


def _bounded(count: int) -> str:
    """Return a count that stops where it becomes long, in words."""
    return str(count) if count <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"


def _hours(hours: float | None) -> str:
    """Return how long something takes, in the unit that fits it; a dash if it is not known."""
    if hours is None:
        return "–"
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def _kind_of_data() -> str:
    """Return what the data of this platform are; the process that serves the pages has no other settings."""
    return os.environ.get("IDH_DATA_KIND", Settings.model_fields["data_kind"].default)


def bars(heights: list[int], width: int = 8, height: int = 60) -> Iterator[dict[str, float]]:
    """Yield the rectangles of a bar chart in SVG user units, the highest bar of full height."""
    top = max([*heights, 1])
    for index, value in enumerate(heights):
        drawn = height * value / top
        yield {"x": index * (width + 2), "y": height - drawn, "width": width, "height": drawn}


ANSWER_KEYS = "123456789abcdefghijklmoqrstuvwxyz"
"""The keys that choose an answer; n and p lead to the next and the previous question."""


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    filters: dict[str, Callable[..., object]] = {
        "time": _time,
        "plain_time": _plain_time,
        "second": _second,
        "moment": _moment,
        "age": _age,
        "written": lambda sequence: MrSequence(sequence).written,
        "patches": _patches,
        "signed": _signed,
        "breakable": _breakable,
        "typeset": _typeset,
        "in_order": _in_order,
        "bounded": _bounded,
        "hours": _hours,
    }
    environment.filters |= filters
    environment.tests["an_id"] = is_id
    environment.globals |= {
        "kind": _kind_of_data,
        "menu": MENU,
        "entry": lambda code: catalogue()[Code(code)],
        "bars": bars,
        "no_better": no_better,
        "control_limit": CONTROL_LIMIT,
        "false_alarms": FALSE_ALARMS,
        "may": lambda _: False,
        "most_counted": MOST_COUNTED,
        "answer_keys": ANSWER_KEYS,
        "airflow": "",
        "within": "",
    }
    return environment


ENVIRONMENT = _environment()


def render(request: Request, template: str, **values: object) -> HTMLResponse:
    """Return a page; every value is escaped.

    Templates also get `base`, the path of the application, and `airflow`, that of Airflow; `query`, the filters of the
    request without its place in the list, and `within`, without the number of the page only; and `may`, which says
    whether the user has the right of a name: what would be refused is not offered.
    """
    base = request.scope.get("root_path", "")
    shared = {
        "base": base,
        "airflow": base.removesuffix(MOUNT),
        "query": _query(request, PLACES),
        "within": _query(request, ("number",)),
        "may": _rights(request),
    }
    return HTMLResponse(ENVIRONMENT.get_template(template).render(shared | values))


def _query(request: Request, left_out: Sequence[str]) -> str:
    return urlencode([(name, value) for name, value in request.query_params.multi_items() if name not in left_out])


def _rights(request: Request) -> Callable[[str], bool]:
    """Return the function by which a template asks whether the user has a right."""
    return cache(lambda name: Right[name].is_held_by_reader_of(request))
