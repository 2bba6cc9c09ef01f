"""Database roles, audit chain, fingerprint of the pseudonym key."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0008_roles.sql").read_text())
