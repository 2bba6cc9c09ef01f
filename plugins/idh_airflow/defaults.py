"""What all DAGs share: schedules from the environment, owner, retries, timeouts."""

import os
from datetime import timedelta
from typing import Any

import pendulum

OWNER = "idh-platform"
TAGS = ["idh", "research use only"]
START = pendulum.parse(os.environ.get("IDH_START", "2026-01-01T00:00:00Z"), strict=True)

INGEST_CRON = os.environ.get("IDH_INGEST_CRON", "0 1 * * *")
PACS_CHANGES = os.environ.get("IDH_PACS_CHANGES")
"""The Connection of an Orthanc whose change feed starts ingest minutes after a study is complete."""
LINK_CRON = os.environ.get("IDH_LINK_CRON", "0 3 * * *")
RETRAIN_CRON = os.environ.get("IDH_RETRAIN_CRON", "0 5 * * 6")

APPROVAL = os.environ.get("IDH_APPROVAL", "person")
"""Who lets a challenger become champion: `person`, or `auto`."""

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
