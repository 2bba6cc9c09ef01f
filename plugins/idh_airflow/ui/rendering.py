"""Turns templates into pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idh_tasks.codes import Code, catalogue

FOLDER = Path(__file__).parent
PLACES = ("number", "before")
"""Parameters that say where a list is continued."""


@dataclass(frozen=True)
class Page:
    """A page in the menu."""

    path: str
    title: str


MENU = (
    Page("/", "Tonight"),
    Page("/studies/", "Studies"),
    Page("/cohort/", "Cohort"),
    Page("/review/", "Review"),
    Page("/models/", "Models"),
    Page("/held/", "Held"),
    Page("/audit/", "Audit"),
)
"""The pages in the order of the menu."""


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def bars(heights: list[int], width: int = 8, height: int = 60) -> Iterator[dict[str, float]]:
    """Yield the rectangles of a bar chart in SVG user units, the highest bar of full height."""
    top = max([*heights, 1])
    for index, value in enumerate(heights):
        drawn = height * value / top
        yield {"x": index * (width + 2), "y": height - drawn, "width": width, "height": drawn}


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["time"] = _time
    environment.globals |= {"menu": MENU, "entry": lambda code: catalogue()[Code(code)], "bars": bars}
    return environment


ENVIRONMENT = _environment()


def render(request: Request, template: str, **values: object) -> HTMLResponse:
    """Return a page; every value is escaped.

    Templates also get `base`, the path of the application, and `query`, the filters of the request without the number
    of the page.
    """
    filters = [(name, value) for name, value in request.query_params.multi_items() if name not in PLACES]
    base = request.scope.get("root_path", "")
    return HTMLResponse(ENVIRONMENT.get_template(template).render(base=base, query=urlencode(filters), **values))
