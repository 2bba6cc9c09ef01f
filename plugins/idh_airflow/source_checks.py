"""What the DAG that tests the sources takes from its worker: its Connections and its variables."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from idh_airflow.connections import origin, platform
from idh_tasks.domain.source import Source

if TYPE_CHECKING:
    from idh_tasks.db.checks import SourceCheck


def environment() -> Mapping[str, str]:
    """Return the variables of the worker."""
    return os.environ


def tested(source: str) -> "SourceCheck":
    """Test one connection of the worker."""
    from idh_tasks.pipelines.operate.check import check

    chosen = Source(source)
    return check(platform, chosen, origin(chosen.connection))
