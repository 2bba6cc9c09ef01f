"""Registers what the platform adds to Airflow; everything else lives in idh_airflow."""

from airflow.plugins_manager import AirflowPlugin
from idh_airflow.outlines import outlines


class IdhPlugin(AirflowPlugin):
    """The platform's plugin."""

    name = "idh"
    fastapi_apps = [{"app": outlines, "url_prefix": "/idh/outlines", "name": "Proposed outlines"}]  # noqa: RUF012 - Airflow reads it
