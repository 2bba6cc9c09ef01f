"""The application that serves the pages below /idh."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from idh_airflow.ui import audit, cohort, held, networks, studies, tonight, waiting
from idh_airflow.ui.rendering import FOLDER, MENU
from idh_airflow.ui.security import protect

PREFIX = "/idh"
CATEGORY = "Radiogenomics"
CARD = {"name": "Last night", "bundle_url": f"{PREFIX}/static/dashboard.js", "destination": "dashboard"}
"""The card on Airflow's dashboard."""

pages = FastAPI(title="Radiogenomic platform", docs_url=None, redoc_url=None, openapi_url=None)
pages.middleware("http")(protect)
for part in (tonight, studies, cohort, waiting, networks, held, audit):
    pages.include_router(part.router)
pages.mount("/static", StaticFiles(directory=FOLDER / "static"))


def menu_entries() -> list[dict[str, str]]:
    """Return the entries of Airflow's menu; Airflow shows each page in a frame."""
    return [
        {
            "name": page.title,
            "href": f"{PREFIX}{page.path}",
            "destination": "nav",
            "category": CATEGORY,
            "url_route": f"idh-{page.title.lower().replace(' ', '-')}",
            "icon": f"{PREFIX}/static/icon.svg",
        }
        for page in MENU
    ]
