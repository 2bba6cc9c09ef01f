"""Two patients who have the same image are a question to a person, whose answer a training run heeds."""

from pathlib import Path

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Apply the SQL file of this migration."""
    op.execute((Path(__file__).parents[1] / "0040_same_image.sql").read_text())
