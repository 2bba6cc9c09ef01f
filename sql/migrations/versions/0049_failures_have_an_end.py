"""A delivery that fails is tried again later and later, and held after a number of nights."""

from pathlib import Path

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0049_failures_have_an_end.sql").read_text())
