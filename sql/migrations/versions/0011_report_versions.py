"""Versions of reports and their standing."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0011_report_versions.sql").read_text())
