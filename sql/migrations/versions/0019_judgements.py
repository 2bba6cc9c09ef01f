"""What was judged about each network, and what a person decided; the course of a training."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0019_judgements.sql").read_text())
