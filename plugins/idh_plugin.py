"""Registers what the platform adds to Airflow; everything else lives in idh_airflow."""

from airflow.plugins_manager import AirflowPlugin


class IdhPlugin(AirflowPlugin):
    """The platform's plugin."""

    name = "idh"
