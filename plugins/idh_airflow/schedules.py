"""When a DAG starts: at its hours in the time zone of the hospital, and after events of assets."""

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
from airflow.sdk.definitions.asset import BaseAsset

from idh_airflow.defaults import INGEST_CRON, TIME_ZONE

NEAR_MINUTES = 30
"""So long before a night, a backfill stops."""


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
    return AssetOrTimeSchedule(timetable=evenings(cron), assets=assets)


def evenings(cron: str) -> CronTriggerTimetable:
    """Return a schedule by time only.

    Raises
    ------
    SettingsRefusedError
        As `timed`.
    """
    from idh_tasks.configuration.problems import refuse_problems

    refuse_problems(os.environ)
    return CronTriggerTimetable(cron, timezone=TIME_ZONE)


def night_is_due(now: datetime) -> bool:
    """Return whether `ingest_studies` starts within half an hour."""
    from croniter import croniter

    local = now.astimezone(ZoneInfo(TIME_ZONE))
    upcoming: datetime = croniter(INGEST_CRON, local).get_next(datetime)
    return upcoming - local <= timedelta(minutes=NEAR_MINUTES)
