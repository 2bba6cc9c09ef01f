"""Words that count beside a negation alone, and words that may be what a slip left of one."""

from collections.abc import Sequence

from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.tokens import Token


def without_half_negations(tokens: Sequence[Token]) -> Sequence[Token]:
    """Drop words that count beside a negation alone, such as French ne … pas."""
    parts = {token.part for token in tokens}
    if parts & {Part.NOT, Part.NO, Part.NO_OR_NOT}:
        return [token for token in tokens if token.part is not Part.ONLY_NEGATED]
    return tokens


def is_near_negation(tokens: Sequence[Token]) -> bool:
    """Return whether a negation may have lost a letter: 'eine Mutation' for 'keine', 'in mutación' for 'sin'."""
    nouns = (Part.MUTATION, Part.VARIANT_NOUN)
    following = [*(token.part for token in tokens[1:]), None]
    words = [(t, after in nouns) for t, after in zip(tokens, following, strict=True) if t.part is Part.NEAR_NEGATION]
    return any(_is_rest(token, tokens[0], before_noun=before_noun) for token, before_noun in words)


def _is_rest(token: Token, first: Token, *, before_noun: bool) -> bool:
    """Return whether a word may be left of a negation: (pas) de mutation, (s)in mutación, (k)eine, par for pas."""
    if token.text in ("de", "d"):
        return token is first
    return token.text not in ("in", "dans", "con", "par") or before_noun
