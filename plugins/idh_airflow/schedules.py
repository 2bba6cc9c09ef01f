"""When a DAG starts: at its hours in the time zone of the hospital, and after events of assets."""

import os

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
from airflow.sdk.definitions.asset import BaseAsset

from idh_airflow.defaults import TIME_ZONE


def timed(cron: str, assets: BaseAsset) -> AssetOrTimeSchedule:
    """Return a schedule by time and by assets.

    Airflow does not validate the time of such a schedule: with a bad one, a DAG would be parsed and never start.

    Parameters
    ----------
    cron
        Five fields, in the time zone `IDH_TIME_ZONE`.
    assets
        An event of which starts the DAG, too.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if a variable of this process is unknown or not valid: Airflow shows it as an import error.
    """
    from idh_tasks.configuration.problems import refuse_problems

    refuse_problems(os.environ)
    return AssetOrTimeSchedule(timetable=CronTriggerTimetable(cron, timezone=TIME_ZONE), assets=assets)
