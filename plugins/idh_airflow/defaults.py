"""What all DAGs share: schedules, owner, retries and timeouts.

The docstring of a variable read from the environment is its entry in docs/settings.md.
"""

import os
from datetime import datetime, timedelta
from typing import Any

import pendulum

from idh_airflow.commit import commit_tag

OWNER = "idh-platform"
TAGS = ["idh", "research use only", *commit_tag()]


def _moment(text: str) -> pendulum.DateTime:
    """Return a time; what cannot be read is refused by name where a DAG is parsed (steps.py), and not here."""
    try:
        return pendulum.instance(datetime.fromisoformat(text))
    except ValueError:
        return pendulum.datetime(2026, 1, 1)


START = _moment(os.environ.get("IDH_START", "2026-01-01T00:00:00Z"))
"""No schedule reaches back before this time, which must be in the past."""
TIME_ZONE = os.environ.get("IDH_TIME_ZONE", "UTC")
"""The time zone of the schedules, such as `Europe/Berlin`; a night keeps its hour when the clocks change."""
INGEST_CRON = os.environ.get("IDH_INGEST_CRON", "0 1 * * *")
"""When `ingest_studies` starts, in `IDH_TIME_ZONE`."""
LINK_CRON = os.environ.get("IDH_LINK_CRON", "0 3 * * *")
"""When `link_pathology` starts, in `IDH_TIME_ZONE`; it also starts after new studies and after answers."""
RETRAIN_CRON = os.environ.get("IDH_RETRAIN_CRON", "0 5 * * 6")
"""When `retrain_models` starts, in `IDH_TIME_ZONE`; it also starts after new patches."""
BACKFILL_CRON = os.environ.get("IDH_BACKFILL_CRON", "10 0-5,20-23 * * *")
"""When `backfill_studies` goes on with a backfill that is not finished, in `IDH_TIME_ZONE`."""
PACS_CHANGES = os.environ.get("IDH_PACS_CHANGES")
"""Connection to an Orthanc whose change feed starts `ingest_studies`, which reads all changes since the last night."""
APPROVAL = os.environ.get("IDH_APPROVAL", "person")
"""Who approves a challenger: `person`, or `auto` to promote without asking."""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=1),
}

DAG_DEFAULTS: dict[str, Any] = {
    "start_date": START,
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "dagrun_timeout": timedelta(hours=12),
    "tags": TAGS,
    "render_template_as_native_obj": False,
}
