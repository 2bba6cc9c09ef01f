"""The ledger of intake: owners of studies, full listings of archives, and backfill."""

from pathlib import Path

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0042_ledger.sql").read_text())
