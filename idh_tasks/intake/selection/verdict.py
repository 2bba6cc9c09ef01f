"""What is decided about a study or a series, and the word that decided."""

from dataclasses import dataclass

from idh_tasks.domain.words import Choice

NO_SERIES = "no series of use"
NOT_A_HEAD = "no sign of a head"


@dataclass(frozen=True)
class Verdict:
    """A decision: `reason` is a kind of a table or a rule in words, `word` the phrase that decided.

    Neither is part of what the archive lists: the phrase is the one of the table.
    """

    choice: Choice
    reason: str
    word: str = ""
