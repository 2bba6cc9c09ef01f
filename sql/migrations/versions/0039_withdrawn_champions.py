"""A champion can be withdrawn without a successor; what was released stays on the page until a run has taken it."""

from pathlib import Path

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0039_withdrawn_champions.sql").read_text())
