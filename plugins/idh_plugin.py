"""Registers the platform's additions to Airflow, which are in idh_airflow."""

from airflow.plugins_manager import AirflowPlugin
from idh_airflow.outlines import outlines
from idh_airflow.sheets import PREFIX, QualitySheets, sheets


class IdhPlugin(AirflowPlugin):
    """The platform's plugin."""

    name = "idh"
    fastapi_apps = [  # noqa: RUF012 - Airflow reads it
        {"app": outlines, "url_prefix": "/idh/outlines", "name": "Proposed outlines"},
        {"app": sheets, "url_prefix": PREFIX, "name": "Quality sheets"},
    ]
    operator_extra_links = [QualitySheets()]  # noqa: RUF012 - Airflow reads it
