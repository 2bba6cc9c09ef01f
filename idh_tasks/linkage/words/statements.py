"""From a text to what it states: every way of dividing it into clauses must lead to the same."""

from collections.abc import Sequence

from idh_tasks.linkage.words.clauses import OTHER, UNNAMED, Finding, read_clause
from idh_tasks.linkage.words.lexicon import GENES, Part
from idh_tasks.linkage.words.tokens import SEPARATORS, Token, tokenise

MOST_CLAUSES = 12
"""A longer text is for a person to read."""

Reading = frozenset[Finding]


def read_statements(text: str) -> Reading | None:
    """Return what a text states, or None if it is not understood as a whole or can be understood in two ways."""
    return read_tokens(tokenise(text))


def read_tokens(tokens: Sequence[Token]) -> Reading | None:
    """Return what the tokens of a text state, or None (see ``read_statements``)."""
    pieces, marks = _pieces(tokens)
    if not all(pieces) or len(pieces) > MOST_CLAUSES:
        return None
    readings = _readings(pieces, marks)
    return readings.pop() if len(readings) == 1 else None


def _pieces(tokens: Sequence[Token]) -> tuple[list[list[Token]], list[Part]]:
    """Return what stands between the separators, and the separators."""
    pieces: list[list[Token]] = [[]]
    marks = []
    for token in tokens:
        if token.part in SEPARATORS:
            marks.append(token.part)
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces, marks


def _readings(pieces: list[list[Token]], marks: list[Part]) -> set[Reading | None]:
    """Return the readings of all divisions of a text into clauses that are understood."""
    after: dict[int, set[Reading | None]] = {len(pieces): {frozenset()}}
    for start in reversed(range(len(pieces))):
        after[start] = {
            None if rest is None or _meet(pieces, marks, end) else clause | rest
            for end in _ends(start, marks)
            if (clause := read_clause(_clause(pieces, marks, start, end))) is not None
            for rest in after[end]
        }
    return {_settled(reading) for reading in after[0]}


def _ends(start: int, marks: list[Part]) -> range:
    """Return where a clause that begins at a piece may end; a full stop always ends it."""
    stop = next((n for n in range(start, len(marks)) if marks[n] is Part.STOP), len(marks))
    return range(start + 1, stop + 2)


def _clause(pieces: list[list[Token]], marks: list[Part], start: int, end: int) -> list[Token]:
    """Return pieces as one clause: a comma becomes a joint, a line break nothing."""
    clause = list(pieces[start])
    for number in range(start + 1, end):
        clause += [Token(Part.AND, ",")] if marks[number - 1] is Part.AND else []
        clause += pieces[number]
    return clause


def _meet(pieces: list[list[Token]], marks: list[Part], end: int) -> bool:
    """Return whether two clauses meet in their genes, so that a comma alone decides: 'wild-type IDH2, IDH1 mutated'."""
    if end == len(pieces) or marks[end - 1] is Part.STOP:
        return False
    genes = GENES | {Part.OTHER_GENE}
    return pieces[end - 1][-1].part in genes and pieces[end][0].part in genes


def _settled(reading: Reading | None) -> Reading | None:
    """Return a reading, or None if a clause without a gene stands beside one about another gene."""
    genes = {finding.gene for finding in reading or ()}
    return None if {UNNAMED, OTHER} <= genes else reading
