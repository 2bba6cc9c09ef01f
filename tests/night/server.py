"""A PostgreSQL server of a measurement's own, which does nothing but what is measured."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.domain.role import Role
from idh_tasks.local import logins, postgres, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import wait_until
from idh_tasks.pipelines.platform import Platform
from tests.night.archive import PACS
from tests.night.store import MemoryStore

# What the server does by itself would be counted; nothing has to survive a crash.
ALONE = (
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
READ = """
SELECT
    sum(
        heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)
        + coalesce(toast_blks_hit + toast_blks_read + tidx_blks_hit + tidx_blks_read, 0)
    ) + (
        SELECT temp_bytes / current_setting('block_size')::bigint FROM pg_stat_database
        WHERE datname = current_database()
    )
FROM pg_statio_user_tables
"""
ENDED_S = 60.0


@dataclass(frozen=True)
class Cost:
    """What a step took: seconds of CPU, of this process and of the server, seconds on the clock, and blocks read.

    Blocks are those of the platform's tables and indexes, from memory or not, and those that were written because the
    memory did not suffice; what a session reads of the catalogue does not count.
    """

    cpu_s: float
    seconds: float
    blocks: int


class Server:
    """A server with the platform's tables, and a platform without network and object store on it."""

    def __init__(self, installation: Installation) -> None:
        self._process = psutil.Process(postgres.pid(installation))
        url = postgres.url(installation, logins.IDH, Login.ADMINISTRATOR)
        self._engine = create_engine(url, poolclass=NullPool)
        self.store = MemoryStore()
        self.platform = _platform(installation, self.store)

    def execute(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement by itself as administrator, and return its rows, if it has any."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    @contextmanager
    def begin(self) -> Iterator[Callable[..., object]]:
        """Open a transaction as administrator, and yield what runs a statement in it."""
        with self._engine.begin() as connection:
            yield lambda statement, **values: connection.execute(text(statement), values)

    def cost(self, work: Callable[[], object]) -> Cost:
        """Return what a step takes."""
        blocks, cpu_s, began = self._blocks(), self._cpu_s(), time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        return Cost(blocks=self._blocks() - blocks, cpu_s=self._cpu_s() - cpu_s, seconds=seconds)

    def _blocks(self) -> int:
        """Return what all sessions have read so far: each counts when it has ended."""
        self._await_end()
        blocks = int(self.execute(READ)[0][0])
        self._await_end()
        return blocks

    def _await_end(self) -> None:
        wait_until(lambda: not self._sessions(), ENDED_S)

    def _sessions(self) -> list[psutil.Process]:
        return [child for child in self._process.children() if f" {logins.IDH} [local]" in _title(child)]

    def _cpu_s(self) -> float:
        ended = self._process.cpu_times()
        return time.process_time() + ended.children_user + ended.children_system


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _platform(installation: Installation, store: MemoryStore) -> Platform:
    """Return the platform with a PACS that is not there, and a bucket in memory for everything else."""
    settings = up.settings(installation, Role.OWNER)
    # The decision whether to train is made each time, and is no.
    learning = settings.learning.model_copy(update={"retrain_after_new_cases": 10**9})
    # Small enough that a short history has as many to ask for and to verify as a long one.
    intake = settings.intake.model_copy(update={"cohort_patients": 20})
    listing = settings.listing.model_copy(update={"slices": 0, "verified": 20})
    changed = {"pacs": PACS, "pathology_url": None, "learning": learning, "intake": intake, "listing": listing}
    platform = Platform(settings.model_copy(update=changed))
    platform.__dict__.update(store=store, drop=store, pathology_drop=store)
    return platform


@contextmanager
def own_server() -> Iterator[Server]:
    """Start a server with empty tables, which is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="idh-", ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder))
        postgres.start(installation)
        try:
            server = Server(installation)
            for statement in ALONE:
                server.execute(statement)
            server.platform.database.migrate()
            yield server
        finally:
            postgres.stop(installation)
