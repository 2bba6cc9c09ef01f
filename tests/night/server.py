"""A PostgreSQL server of a measurement's own, which does nothing but what is measured."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.domain.role import Role
from idh_tasks.local import logins, postgres, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import wait_until
from idh_tasks.pipelines.platform import Platform
from tests.night.store import MemoryStore

# What the server does by itself would be counted; nothing has to survive a crash.
ALONE = (
    "ALTER SYSTEM SET autovacuum = off",
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
READ = """
SELECT blks_hit + blks_read + temp_bytes / current_setting('block_size')::bigint
FROM pg_stat_database WHERE datname = :database
"""
ENDED_S = 60.0


@dataclass(frozen=True)
class Cost:
    """What a step took: seconds of CPU, of this process and of the server, seconds on the clock, and blocks read.

    Blocks are those of tables and indexes, from memory or not, and those written because the memory did not suffice.
    """

    cpu_s: float
    seconds: float
    blocks: int


class Server:
    """A server with the platform's tables, and a platform without network and object store on it."""

    def __init__(self, installation: Installation) -> None:
        self._process = psutil.Process(postgres.pid(installation))
        self._idh = _engine(installation, logins.IDH)
        # Reading the statistics is no work on the platform's database.
        self._beside = _engine(installation, "postgres")
        self.store = MemoryStore()
        self.platform = _platform(installation, self.store)

    def execute(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement by itself as administrator, and return its rows, if it has any."""
        with self._idh.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    @contextmanager
    def begin(self) -> Iterator[Callable[..., object]]:
        """Open a transaction as administrator, and yield what runs a statement in it."""
        with self._idh.begin() as connection:
            yield lambda statement, **values: connection.execute(text(statement), values)

    def cost(self, work: Callable[[], object]) -> Cost:
        """Return what a step takes."""
        blocks, cpu_s, began = self._blocks(), self._cpu_s(), time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        return Cost(blocks=self._blocks() - blocks, cpu_s=self._cpu_s() - cpu_s, seconds=seconds)

    def _blocks(self) -> int:
        """Return what all sessions have read so far: a session counts when it ends, and each transaction has one."""
        wait_until(lambda: not self._sessions(), ENDED_S)
        with self._beside.connect() as connection:
            return int(connection.execute(text(READ), {"database": logins.IDH}).scalar_one())

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


def _engine(installation: Installation, database: str) -> Engine:
    url = postgres.url(installation, database, Login.ADMINISTRATOR)
    return create_engine(url, poolclass=NullPool)


def _platform(installation: Installation, store: MemoryStore) -> Platform:
    """Return the platform with one bucket in memory, which is its only source."""
    settings = up.settings(installation, Role.OWNER)
    # So that the weekly decision whether to train is made each time, and is no.
    learning = settings.learning.model_copy(update={"retrain_after_new_cases": 10**9})
    platform = Platform(settings.model_copy(update={"pacs": None, "pathology_url": None, "learning": learning}))
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
