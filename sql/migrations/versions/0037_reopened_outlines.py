"""The question about an outline stays open when its answer is taken back, unless a later outline is in question."""

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0037_reopened_outlines.sql").read_text())
