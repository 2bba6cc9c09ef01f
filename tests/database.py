"""SQL for tests that inspect or disturb what the platform has stored."""

from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.local.logins import Login
from idh_tasks.pipelines.platform import Platform
from tests.roles import login_url

TABLES = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('idh', 'phi')"


def run_sql(database: Platform | str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run one statement, committed, and return its rows, if it has any.

    Parameters
    ----------
    database
        The platform whose database it is, opened as administrator, or a SQLAlchemy URL.
    """
    url = database if isinstance(database, str) else administrator_url(database)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def administrator_url(platform: Platform) -> str:
    """Return the URL of the platform's database for a superuser."""
    return login_url(platform.settings.database_url.get_secret_value(), Login.ADMINISTRATOR)


def empty(platform: Platform) -> None:
    """Delete every row of the platform's database, except for the fingerprint of its pseudonym key."""
    names = [name for (name,) in run_sql(platform, TABLES) if name != "idh.pseudonym_key"]
    # A replica runs no triggers, of which those of the audit log would refuse it. TRUNCATE is slower on small tables.
    statements = ("SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in names))
    run_sql(platform, "; ".join(statements))
