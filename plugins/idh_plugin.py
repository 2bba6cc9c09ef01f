"""Registers the platform's additions to Airflow, which are in idh_airflow."""

from airflow.plugins_manager import AirflowPlugin
from idh_airflow.outlines import outlines
from idh_airflow.sheets import PREFIX, QualitySheets, sheets
from idh_airflow.ui import app


class IdhPlugin(AirflowPlugin):
    """The platform's plugin."""

    name = "idh"
    fastapi_apps = [  # noqa: RUF012 - Airflow reads it
        {"app": outlines, "url_prefix": "/idh/outlines", "name": "Proposed outlines"},
        {"app": sheets, "url_prefix": PREFIX, "name": "Quality sheets"},
        # Airflow searches in this order: the prefix of the pages is also that of the applications above.
        {"app": app.pages, "url_prefix": app.PREFIX, "name": "Pages"},
    ]
    external_views = app.menu_entries()
    react_apps = [app.CARD]  # noqa: RUF012 - Airflow reads it
    operator_extra_links = [QualitySheets()]  # noqa: RUF012 - Airflow reads it
