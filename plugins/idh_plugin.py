"""Registers the platform's additions to Airflow, which are in idh_airflow."""

from airflow.plugins_manager import AirflowPlugin
from idh_airflow import run_notes
from idh_airflow.places import MOUNT
from idh_airflow.task_links import StudiesOfTask
from idh_airflow.ui import app


class IdhPlugin(AirflowPlugin):
    """The platform's plugin."""

    name = "idh"
    fastapi_apps = [  # noqa: RUF012 - Airflow reads it
        {"app": app.pages, "url_prefix": MOUNT, "name": "Pages"},
    ]
    external_views = app.menu_entries()
    react_apps = [app.card()]  # noqa: RUF012 - Airflow reads it
    listeners = [run_notes]  # noqa: RUF012 - Airflow reads it
    operator_extra_links = [StudiesOfTask()]  # noqa: RUF012 - Airflow reads it
