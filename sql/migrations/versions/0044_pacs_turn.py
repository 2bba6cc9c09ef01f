"""The rate limit of retrieves from the PACS holds over all workers."""

from pathlib import Path

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0044_pacs_turn.sql").read_text())
