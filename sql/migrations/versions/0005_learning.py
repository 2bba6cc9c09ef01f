"""What training must remember."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0005_learning.sql").read_text())
