"""The position up to which each source has been read."""

from idh_tasks.db.engine import Transaction


def position(transaction: Transaction, source: str) -> str | None:
    """Return the position up to which a source has been read, if it has been read at all."""
    row = transaction.one("watermarks/select_watermark", source=source)
    return str(row["position"]) or None if row else None


def advance(transaction: Transaction, source: str, position: str) -> None:
    """Move the watermark of a source forward; it never moves back."""
    transaction.run("watermarks/upsert_watermark", source=source, position=position)


def forget(transaction: Transaction, source: str) -> None:
    """Forget how far a source has been read, because it counts anew."""
    transaction.run("watermarks/reset_watermark", source=source)
