"""Generated texts of known meaning: no wrong label, and no label that a single word turns into its opposite."""

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.lexicon import PHRASES, Part
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.results import read_assays
from tests.laboratory_words import KnownText, clean_texts
from tools.words_report import answer, both_genes, changed_texts, is_wrong, understood

POLARITY = (Part.NO, Part.NOT, Part.NO_OR_NOT, Part.ONLY_NEGATED, Part.ABSENT, Part.NOT_MUTATED, Part.POSITIVE,
            Part.NEGATIVE, Part.WILD_TYPE, Part.MUTATED)  # fmt: skip
POLAR_WORDS = {word for part in POLARITY for phrase in PHRASES[part].split("|") for word in phrase.split()}
STATING_WORDS = POLAR_WORDS | {word for phrase in PHRASES[Part.DETECTED].split("|") for word in phrase.split()}
"""Without its 'nachweisbar', a text may rightly take the result of its next clause ('… und BRAF nicht …')."""
OTHER_WORDS = sorted(
    {word for part, phrases in PHRASES.items() if part not in POLARITY for word in phrases.replace("|", " ").split()}
    - POLAR_WORDS
)
INSERTED = (*OTHER_WORDS, "IDH1", "IDH2", "exon 4", "p.R132H", "R172K", "R132", "45%", ",", ";", "(", "Zebedee", "?")
TEXTS = [known for known in clean_texts(11, 900) if known.truth in ("negative", "positive")]


def status(known: KnownText, text: str) -> IdhStatus:
    """Return the status of a report whose other gene is wild-type."""
    other = "IDH2" if known.gene == "IDH1" else "IDH1"
    assays = [*read_assays(f"{known.gene} sequencing", text), *read_assays(f"{other} sequencing", "wild-type")]
    return resolve_idh_status(assays).status


def states_a_result(word: str) -> bool:
    return bool(set(normalise(word).replace("-", " ").strip(".,;:()").split()) & STATING_WORDS)


def test_clean_texts_are_understood_and_never_read_wrongly() -> None:
    texts = list(clean_texts(21, 900))
    assert [known for known in texts if is_wrong(known, answer(known))] == []
    assert understood(texts) > 0.9


def test_a_typo_or_a_cut_never_makes_a_wrong_label() -> None:
    assert [known for known in changed_texts(22, 900) if is_wrong(known, answer(known))] == []


def test_texts_on_both_genes_are_read_for_each_of_them() -> None:
    right, wrong = both_genes(23, 300)
    assert wrong == 0
    assert right > 240


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.sampled_from(("delete", "swap", "replace", "insert")),
    st.sampled_from(INSERTED),
    st.randoms(),
)
def test_one_word_never_turns_a_label_into_its_opposite(
    known: KnownText, change: str, new: str, random: Random
) -> None:
    words = known.text.split()
    place = random.randrange(len(words))
    touched = words[place : place + 2] if change == "swap" else words[place : place + 1]
    assume(change == "insert" or not any(states_a_result(word) for word in touched))
    replaced = {"delete": [], "swap": touched[::-1], "replace": [new], "insert": [new, *touched]}[change]
    changed = " ".join([*words[:place], *replaced, *words[place + len(touched) :]])
    assert {status(known, known.text), status(known, changed)} != {IdhStatus.MUTANT, IdhStatus.WILDTYPE}


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read_assays("IDH1 sequencing", text)
    assert read_assays(text, "wild-type")
