"""Workers that ingest at one time, each a process with a platform of its own, as Airflow's tasks are."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from unittest.mock import patch

from sqlalchemy.pool import QueuePool

from idh_tasks.db import engine
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from tests.pacs_table.clock import it_is

WORKERS = 4

Ingest = Callable[[datetime, list[str]], None]
_own: list[Platform] = []
"""The platform of this worker."""


@contextmanager
def workers(settings: Settings) -> Iterator[Ingest]:
    """Start the workers; yield what ingests a batch at a moment, each a part of it."""
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), _open, (settings,)) as pool:

        def ingest(moment: datetime, item_ids: list[str]) -> None:
            parts = [item_ids[n::WORKERS] for n in range(min(WORKERS, len(item_ids)))]
            list(pool.map(_ingest, [moment] * len(parts), parts))

        yield ingest


def connections_are_kept() -> None:
    """Let transactions share a connection from here on; to open one costs both sides more than most transactions."""
    patch.object(engine, "NullPool", QueuePool).start()


def _open(settings: Settings) -> None:
    connections_are_kept()
    _own.append(Platform(settings))


def _ingest(moment: datetime, item_ids: list[str]) -> None:
    with it_is(moment):
        ingest_batch(_own[0], item_ids, last_try=True)
