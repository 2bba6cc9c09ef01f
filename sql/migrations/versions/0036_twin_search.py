"""The search for patients with the same image is made once per training run, and kept with it."""

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0036_twin_search.sql").read_text())
