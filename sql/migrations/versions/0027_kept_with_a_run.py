"""What a run was trained on is kept with it; filters of the audit log forgive."""

from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0027_kept_with_a_run.sql").read_text())
