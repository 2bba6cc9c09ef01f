"""Local rules: a reviewer's answer about the name of a series holds for other series of the same protocol."""

from pathlib import Path

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0043_series_rules.sql").read_text())
