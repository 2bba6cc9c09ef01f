"""A disagreement belongs to one prediction; a rejected or withdrawn outline is neither shown nor downloaded."""

from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0038_judged_patches.sql").read_text())
