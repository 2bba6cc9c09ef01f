"""Slope and intercept instead of a temperature, and measures of what is stated."""

from pathlib import Path

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0029_numbers.sql").read_text())
