"""The lexicon itself, and what of a text may be shown."""

from collections import Counter

import pytest

from idh_tasks.linkage.words.lexicon import PHRASES, Part
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.shown import known_words
from idh_tasks.linkage.words.tokens import LEXICON, tokenise

DROPPED = (Part.FILLER, Part.EXAMINATION)


def test_no_phrase_has_two_meanings() -> None:
    counts = Counter(phrase for phrases in PHRASES.values() for phrase in phrases.split("|"))
    assert [phrase for phrase, count in counts.items() if count > 1] == []


def test_every_phrase_is_found_as_it_is_written() -> None:
    for phrase, part in LEXICON.items():
        assert normalise(phrase) == phrase
        assert [token.part for token in tokenise(phrase) if token.text] == ([] if part in DROPPED else [part])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("È stata rilevata", "ist stata rilevata"),
        ("Färbung — NÉGATIF", "faerbung - negatif"),
        ("könnte", "koennte"),
        ("absence d’expression", "absence d expression"),
        ("neg. für\r\n IDH1", "neg fuer\nidh1"),
        ("wild\u00adtype", "wildtype"),
    ],
)
def test_spellings_become_one(text: str, plain: str) -> None:
    assert normalise(text) == plain


@pytest.mark.parametrize(
    "text", ["p.G105G", "p.R132X", "c.123A>T", "R132Z", "45,5 mg", "\ufffd", "IDH3", "exon 7", "3 %", "?"]
)
def test_what_is_in_no_table_is_a_doubt(text: str) -> None:
    assert Part.DOUBT in {token.part for token in tokenise(text)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("weakly so, says Dr Zebedee", "weakly …"),
        ("IDH1-Mutation nachgewiesen (p.R132H), 34 %", "IDH1-Mutation nachgewiesen (p.R132H), 34 %"),
        ("Wild-type. Stark 4711001", "Wild-type. …"),
        ("Müller-Mutation negativ", "… negativ"),
        ("VUS, unklar?", "VUS, unklar?"),
    ],
)
def test_only_words_of_the_lexicon_are_shown(text: str, shown: str) -> None:
    assert known_words(text) == shown
