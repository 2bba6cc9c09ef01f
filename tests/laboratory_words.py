"""Composes laboratory texts whose meaning is known, in five languages, as laboratories write them.

The phrases of ``laboratory_phrases.toml`` are written independently of the lexicon: a text that the grammar does not
know is a finding.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

LANGUAGES = ("en", "de", "it", "fr", "es")

PHRASES: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("laboratory_phrases.toml").read_text(encoding="utf-8")
)
VARIANTS = {"IDH1": ("R132H", "R132C", "R132S", "R132G", "R132L"), "IDH2": ("R172K", "R172M", "R172W", "R172S")}
JOINTS = ("; ", ". ", ", ")


@dataclass(frozen=True)
class KnownText:
    """A text of a laboratory, the gene of its method, and what it states of that gene."""

    language: str
    gene: str
    truth: str
    text: str
    change: str = "clean"


def clean_texts(seed: int, count: int) -> Iterator[KnownText]:
    """Yield texts of one clause about a gene, some with clauses about other genes before or after it."""
    rng = Random(seed)
    for number in range(count):
        language, truth = (
            rng.choice(LANGUAGES),
            rng.choice(("negative", "positive", "negative", "positive", "pending", "asked")),
        )
        gene = rng.choice(("IDH1", "IDH1", "IDH2"))
        clauses = [_clause(rng, PHRASES[truth][language], gene)]
        change = "clean"
        if number % 3 == 0:
            clauses.insert(rng.randrange(2), rng.choice(PHRASES["foreign"][language]))
            change = "other gene"
        yield KnownText(language, gene, truth, rng.choice(JOINTS).join(clauses), change)


def _clause(rng: Random, forms: list[str], gene: str) -> str:
    return rng.choice(forms).format(gene=gene, variant=rng.choice(VARIANTS[gene]))


def two_gene_texts(seed: int, count: int) -> Iterator[tuple[KnownText, str]]:
    """Yield texts that state both genes, with the truth of the second one; the method names both."""
    rng = Random(seed)
    for _ in range(count):
        language = rng.choice(LANGUAGES)
        first, second = rng.choice(("negative", "positive")), rng.choice(("negative", "positive"))
        clauses = [_clause(rng, PHRASES[first][language], "IDH1"), _clause(rng, PHRASES[second][language], "IDH2")]
        yield KnownText(language, "IDH1", first, rng.choice(JOINTS).join(clauses), "both genes"), second


def with_typo(known: KnownText, rng: Random) -> KnownText:
    """Return a text with one letter of a word dropped, doubled or swapped with the next."""
    words = known.text.split()
    place = rng.choice([n for n, word in enumerate(words) if len(word) > 3 and word.isalpha()] or [0])
    word = words[place]
    at = rng.randrange(max(len(word) - 1, 1))
    changed = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        )
    )
    return KnownText(
        known.language, known.gene, known.truth, " ".join([*words[:place], changed, *words[place + 1 :]]), "typo"
    )


def truncated(known: KnownText, rng: Random) -> KnownText:
    """Return a text that a field of fixed length cut off."""
    return KnownText(
        known.language, known.gene, known.truth, known.text[: rng.randrange(4, len(known.text))], "truncated"
    )
