"""The gate remembers the best champion so far and the looks at the locked test set."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0030_gate.sql").read_text())
