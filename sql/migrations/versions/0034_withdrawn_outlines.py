"""An outline that a person submitted can be withdrawn before it is accepted."""

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0034_withdrawn_outlines.sql").read_text())
