"""Where the pages are, also if Airflow is served below a path, such as https://host/airflow/."""

from urllib.parse import urlsplit

from airflow.configuration import conf

MOUNT = "/idh"


def airflow_path() -> str:
    """Return the path below which Airflow is served, without a slash at its end; empty at the root of a host."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def pages_path() -> str:
    """Return the path of the pages."""
    return airflow_path() + MOUNT
