"""What is kept of a study: the header for its documents, and which instances its objects hold."""

from pathlib import Path

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0048_stored_studies.sql").read_text())
