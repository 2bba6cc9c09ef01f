"""The application that serves the pages below /idh."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from idh_airflow.places import pages_path
from idh_airflow.ui import (
    audit,
    cohort,
    held,
    judgements,
    networks,
    outlines,
    plan,
    rules,
    sources,
    studies,
    tonight,
    training_runs,
    waiting,
)
from idh_airflow.ui.refusal import refuse
from idh_airflow.ui.rendering import FOLDER, MENU
from idh_airflow.ui.security import protect

CATEGORY = "Radiogenomics"
pages = FastAPI(title="Radiogenomic platform", docs_url=None, redoc_url=None, openapi_url=None)
pages.middleware("http")(protect)
pages.exception_handler(HTTPException)(refuse)
pages.exception_handler(RequestValidationError)(refuse)
for part in (
    tonight,
    studies,
    judgements,
    outlines,
    cohort,
    waiting,
    rules,
    networks,
    training_runs,
    held,
    plan,
    sources,
    audit,
):
    pages.include_router(part.router)
pages.mount("/static", StaticFiles(directory=FOLDER / "static"))


def card() -> dict[str, str]:
    """Return the card on Airflow's dashboard."""
    return {"name": "Last night", "bundle_url": f"{pages_path()}/static/dashboard.js", "destination": "dashboard"}


def menu_entries() -> list[dict[str, str]]:
    """Return the entries of Airflow's menu; Airflow shows each page in a frame."""
    return [
        {
            "name": page.title,
            "href": f"{pages_path()}{page.path}",
            "destination": "nav",
            "category": CATEGORY,
            "url_route": f"idh-{page.title.lower().replace(' ', '-')}",
            "icon": f"{pages_path()}/static/icon.svg",
        }
        for page in MENU
    ]
