"""Whether the words of a clause go together, and how far its negation reaches."""

import re
from collections.abc import Sequence

from idh_tasks.linkage.words.findings import Stated
from idh_tasks.linkage.words.forms import MODIFIERS
from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.tokens import Token

ABILITIES = frozenset(
    ("detects", "identifies", "detectable", "identifiable", "nachweisbar", "rilevabile", "rilevabili", "rileva",
     "rilevano", "detecte", "identifie", "retrouve")
)  # fmt: skip
"""Words before a noun that may say what a test can find, and not what it found."""


def is_sound(stated: Stated, match: re.Match[str], tokens: Sequence[Token]) -> bool:
    """Return whether the parts of a clause go together: gene, modifiers, kind of test, and what is said of each."""
    text = "".join(token.part.value for token in tokens)
    return not (
        _has_two_subjects(match)
        or _says_other_things(text)
        or _is_modified_wrongly(stated, text)
        or (stated is Stated.NEGATIVE and _joins_finding_and_gene(tokens, text))
        or (re.search("[TC]", text) and re.search("[HE]", text))
        or ("u" in text and not re.search("[12BIOvk]", text))
    )


def _has_two_subjects(match: re.Match[str]) -> bool:
    """Return whether genes stand on both sides of what is stated: 'IDH1 mutated IDH2'."""
    sides = [side for side in match.groupdict().values() if side]
    genes = sum(bool(re.search("[12BIO]", side)) for side in sides)
    foreign = any("O" in side for side in sides)
    return genes > 1 or (foreign and sum(bool(re.search("[12BIOvk]", side)) for side in sides) > 1)


def _says_other_things(text: str) -> bool:
    """Return whether something is said of IDH that is only said of other genes, such as an amplification."""
    items = re.split("[JARN0X]", MODIFIERS.sub("", text))
    return any(re.search("[os]", item) and "O" not in item for item in items)


def _is_modified_wrongly(stated: Stated, text: str) -> bool:
    """Return whether a clause says how much of something absent, or 'non-canonical' without the variant."""
    if stated in (Stated.NEGATIVE, Stated.PENDING) and MODIFIERS.search(text):
        return True
    return "c" in text and "v" not in text


def _joins_finding_and_gene(tokens: Sequence[Token], text: str) -> bool:
    """Return whether a negative clause begins with a finding: 'p.R132C and IDH2 wild-type' is two statements.

    What is negative or not detected may also be the variant, unless a comma separates it from the other gene.
    """
    first, *rest = re.split("[JAR]", text)
    if "v" not in first or not all(token.variant.hgvs for token in tokens if token.variant):
        return False
    others = [item for item in rest if re.search("[12BIO]", item) and "v" not in item]
    is_comma = all(token.text == "," for token in tokens if token.part is Part.AND)
    return bool(others) and ("w" in text or "u" in text or (is_comma and "O" not in text))


def is_ability(stated: Stated, match: re.Match[str], tokens: Sequence[Token]) -> bool:
    """Return whether a clause may say what a test can find or looks for: 'detects IDH1 mutations'."""
    sides = match.groupdict()
    first = tokens[0]
    if stated is Stated.POSITIVE and sides.get("after") and first.text in ABILITIES:
        return True
    is_object = first.part in (Part.MUTATED, Part.WILD_TYPE) and re.search("[12BI]", sides.get("right") or "")
    return bool(is_object) and any(token.looked_for for token in tokens)


def is_of_material(tokens: Sequence[Token]) -> bool:
    """Return whether a clause may be about a tissue, a report or the normal allele instead of a mutation."""
    text = "".join(token.part.value for token in tokens)
    return any(token.of_material for token in tokens) and ("w" in text or not re.search("[vMWEQu]", text))


def is_open(stated: Stated, tokens: Sequence[Token]) -> bool:
    """Return whether the reach of a clause is unclear: it may lack its end, or a negation may end at a comma.

    'No codeletion and IDH1 mutation', 'no mutation in TERT, IDH1', 'no IDH1'.
    """
    text = "".join(token.part.value for token in tokens)
    two_nouns = stated is Stated.NEGATIVE and re.search("[MWEo][^N0R]*[JA][^N0R]*[MWEo]", text)
    no_noun = re.search("[N0]", text) and not re.search("[MWEDrQv]", text)
    is_partial = _may_lack_its_end(tokens, text) or _may_belong_to_neighbour(stated, tokens, text)
    return bool(two_nouns or no_noun or is_partial)


def _may_lack_its_end(tokens: Sequence[Token], text: str) -> bool:
    """Return whether a clause ends with a gene of which something else may have been stated."""
    if not re.search("[JR][12BIO]$", text):
        return False
    return tokens[-2].text == "," or ("O" in text and bool(re.search("[12BI]", text)))


def _may_belong_to_neighbour(stated: Stated, tokens: Sequence[Token], text: str) -> bool:
    """Return whether what is positive may be the last gene alone: 'IDH1 R132H, p53: positive'."""
    listed = re.search("[12BI][vkM]*(J)(?=O)", text) if stated is Stated.POSITIVE else None
    return listed is not None and tokens[listed.start(1)].text in (",", "(")
