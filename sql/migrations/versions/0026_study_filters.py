"""The filters of studies read by index, and the evidence of series has units."""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.get_bind().exec_driver_sql((Path(__file__).parents[1] / "0026_study_filters.sql").read_text())
