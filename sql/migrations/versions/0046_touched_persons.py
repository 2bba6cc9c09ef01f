"""Links, places and affected members are derived for touched persons."""

from pathlib import Path

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Apply the SQL files of this migration."""
    for name in ("touched_persons", "kept_places", "kept_counts"):
        op.execute((Path(__file__).parents[1] / f"0046_{name}.sql").read_text())
