"""SQL for tests that look at, or disturb, what the platform has stored."""

from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.pipelines.platform import Platform


def run_sql(platform: Platform, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run one statement on the platform's database, committed; return its rows, if it gives any."""
    engine = create_engine(platform.settings.database_url.get_secret_value(), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []
