"""What the queries of a page read: the blocks of 8 KiB of each, as PostgreSQL counts them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import RowMapping, text

from idh_tasks.db.engine import Database, Transaction, query
from idh_tasks.domain.role import Role
from idh_tasks.pipelines.platform import Platform
from tests.roles import login_url

BLOCKS = ("Shared Hit Blocks", "Shared Read Blocks", "Temp Read Blocks")


class ExplainedTransaction(Transaction):
    """Counts the blocks that each query reads before it runs it."""

    def __init__(self, transaction: Transaction, blocks: dict[str, int]) -> None:
        super().__init__(transaction._connection)
        self._blocks = blocks

    def _count(self, name: str, values: dict[str, Any]) -> None:
        explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query(name).text}")
        plan = self._connection.execute(explained, values).scalar_one()[0]["Plan"]
        self._blocks[name] = self._blocks.get(name, 0) + sum(plan[kind] for kind in BLOCKS)

    def rows(self, name: str, /, **values: Any) -> list[RowMapping]:
        self._count(name, values)
        return super().rows(name, **values)

    def one(self, name: str, /, **values: Any) -> RowMapping | None:
        self._count(name, values)
        return super().one(name, **values)

    def column(self, value_type: type[Any], name: str, /, **values: Any) -> list[Any]:
        self._count(name, values)
        return super().column(value_type, name, **values)


class ExplainedDatabase(Database):
    """A database whose transactions count what they read."""

    blocks: dict[str, int]

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with super().begin() as transaction:
            yield ExplainedTransaction(transaction, self.blocks)


def blocks_read(platform: Platform, page: Callable[[Platform], object]) -> dict[str, int]:
    """Return the blocks that each query of a page reads."""
    explained = ExplainedDatabase(login_url(platform.settings.database_url.get_secret_value(), Role.PAGES))
    explained.blocks = {}
    counted = Platform(platform.settings)
    counted.__dict__["database"] = explained
    page(counted)
    return explained.blocks
