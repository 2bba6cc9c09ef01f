"""From a text to what it states: every way of dividing it into clauses must lead to the same."""

from collections.abc import Sequence
from dataclasses import replace

from idh_tasks.linkage.words.clauses import read_clause
from idh_tasks.linkage.words.findings import OTHER, UNCLEAR, UNNAMED, Finding, Stated
from idh_tasks.linkage.words.lexicon import GENES, Part
from idh_tasks.linkage.words.tokens import SEPARATORS, Token, tokenise

MOST_CLAUSES = 12
"""A longer text is for a person to read."""

NEGATIONS = frozenset({Part.NO, Part.NO_OR_NOT, Part.NOT, Part.NEGATIVE, Part.ABSENT})
STATING = NEGATIONS | {
    Part.DETECTED, Part.SHOWS, Part.POSITIVE, Part.MUTATED, Part.WILD_TYPE, Part.NOT_MUTATED, Part.PENDING,
    Part.OTHER_STATE, Part.OTHER_FACT,
}  # fmt: skip
NAMES = GENES | {Part.OTHER_GENE}
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


def _pieces(tokens: Sequence[Token]) -> tuple[list[list[Token]], list[Token]]:
    """Return what stands between the separators, and the separators."""
    pieces: list[list[Token]] = [[]]
    marks = []
    for token in tokens:
        if token.part in SEPARATORS:
            marks.append(token)
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces, marks


def _readings(pieces: list[list[Token]], marks: list[Token]) -> set[Reading | None]:
    """Return the readings of all divisions of a text into clauses that are understood."""
    after: dict[int, set[Reading | None]] = {len(pieces): {frozenset()}}
    for start in reversed(range(len(pieces))):
        after[start] = {
            None
            if rest is None or _meet(pieces, marks, end) or _may_go_on(pieces, marks, start, end)
            else clause | rest
            for end in _ends(start, marks)
            if not _share_their_verb(pieces, marks, start, end)
            if (clause := read_clause(_clause(pieces, marks, start, end))) is not None
            for rest in after[end]
        }
    return {_settled(reading) for reading in after[0]}


def _ends(start: int, marks: list[Token]) -> range:
    """Return where a clause that begins at a piece may end; a full stop always ends it."""
    stop = next((n for n in range(start, len(marks)) if marks[n].part is Part.STOP), len(marks))
    return range(start + 1, stop + 2)


def _clause(pieces: list[list[Token]], marks: list[Token], start: int, end: int) -> list[Token]:
    """Return pieces as one clause: a comma becomes a joint, a line break nothing."""
    clause = list(pieces[start])
    for number in range(start + 1, end):
        clause += [marks[number - 1]] if marks[number - 1].part is Part.AND else []
        clause += pieces[number]
    return clause


def _meet(pieces: list[list[Token]], marks: list[Token], end: int) -> bool:
    """Return whether two clauses meet in their genes, so that a comma alone decides: 'wild-type IDH2, IDH1 mutated'.

    What is said of other genes alone, as 'EGFR amplified', cannot be meant of IDH.
    """
    if end == len(pieces) or marks[end - 1].part is Part.STOP:
        return False
    left, right = pieces[end - 1], pieces[end]
    if any(token.part in (Part.OTHER_FACT, Part.OTHER_STATE) for token in (*left, *right)):
        return False
    return left[-1].part in NAMES and right[0].part in NAMES


def _share_their_verb(pieces: list[list[Token]], marks: list[Token], start: int, end: int) -> bool:
    """Return whether 'and' stands between two genes of one negation: 'keine Mutation in IDH1 und IDH2 nachgewiesen'."""
    if end == len(pieces) or not (marks[end - 1].part is Part.AND and marks[end - 1].text.isalpha()):
        return False
    halves = pieces[start:end], pieces[end : _ends(end, marks).stop - 1]
    left, right = ([t.part for piece in half for t in piece if t.part is not Part.NEAR_NEGATION] for half in halves)
    places = GENES | {Part.LOCUS}
    is_negation = left[:1] in ([Part.NO], [Part.NO_OR_NOT]) and left[1:2] == [Part.MUTATION]
    is_list = is_negation and len(left) > 2 and set(left[2:]) <= places
    return is_list and right[-1:] == [Part.DETECTED] and set(right[:-1]) <= places


def _may_go_on(pieces: list[list[Token]], marks: list[Token], start: int, end: int) -> bool:
    """Return whether a negation at the start of a clause may go on in the next one, which states nothing itself.

    'Not detected: TERT mutation; IDH1 p.R132C'. After 'but', it does not.
    """
    if end == len(pieces) or pieces[start][0].part not in NEGATIONS:
        return False
    if marks[end - 1].part is Part.STOP and marks[end - 1].text.isalpha():
        return False
    return not any(token.part in STATING for token in pieces[end])


def _settled(reading: Reading | None) -> Reading | None:
    """Return a reading in one form, or None if a clause without a gene stands beside one about another gene.

    'mutated (p.R132C)' is one statement: the part without a gene adds nothing.
    """
    genes = {finding.gene for finding in reading or ()}
    if reading is None or {UNNAMED, OTHER} <= genes or reading >= UNCLEAR:
        return None
    positive = {finding.gene for finding in reading if finding.stated is Stated.POSITIVE}
    repeated = UNNAMED in positive and len(positive) > 1
    kept = [f for f in reading if not (repeated and f.gene == UNNAMED and f.stated is Stated.POSITIVE)]
    return frozenset(_merged(finding, reading) for finding in kept)


def _merged(finding: Finding, reading: Reading) -> Finding:
    """Return a finding with all that the text says of the same gene to the same effect."""
    same = [f for f in reading if (f.gene, f.stated, f.test) == (finding.gene, finding.stated, finding.test)]
    variants = frozenset[str]().union(*(f.variants for f in same))
    return replace(finding, variants=variants, by_mutation=any(f.by_mutation for f in same))
