"""Patches are packed once, in shards that are never changed and that datasets share."""

from pathlib import Path

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0047_shards.sql").read_text())
