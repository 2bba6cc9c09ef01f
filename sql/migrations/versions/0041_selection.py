"""Studies that are not picked up are counted with the reason; patients with a result are asked for by identifier."""

from pathlib import Path

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0041_selection.sql").read_text())
