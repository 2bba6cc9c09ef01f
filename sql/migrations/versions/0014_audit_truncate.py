"""The audit log cannot be truncated."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0011"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0014_audit_truncate.sql").read_text())
