"""How laboratory texts of known meaning are read, as a confusion table: `make words`."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

from idh_tasks.domain.pathology import AssayMethod, AssayResult
from idh_tasks.linkage.words.results import read_assays
from tests.laboratory_words import LANGUAGES, KnownText, clean_texts, truncated, two_gene_texts, with_typo

TEXTS = 3000
ANSWERS = (AssayResult.NEGATIVE, AssayResult.POSITIVE, AssayResult.PENDING, AssayResult.UNKNOWN)
OPPOSITES = {("negative", AssayResult.POSITIVE), ("positive", AssayResult.NEGATIVE)}


def answer(known: KnownText) -> AssayResult:
    """Return how a text is read as the result of sequencing its gene."""
    [assay] = read_assays(f"{known.gene} sequencing", known.text)
    return assay.result


def is_wrong(known: KnownText, result: AssayResult) -> bool:
    """Return whether a reading is a label that the text does not state."""
    labels = {AssayResult.NEGATIVE: "negative", AssayResult.POSITIVE: "positive"}
    if known.change in ("clean", "other gene"):
        return result in labels and labels[result] != known.truth
    return (known.truth, result) in OPPOSITES


def changed_texts(seed: int, count: int) -> Iterator[KnownText]:
    """Yield texts with a typo, and texts that were cut off."""
    rng = Random(seed)
    for number, known in enumerate(clean_texts(seed, count)):
        yield with_typo(known, rng) if number % 2 else truncated(known, rng)


def confusion(texts: Iterable[KnownText]) -> Counter[tuple[str, str, AssayResult]]:
    """Count kind of text, truth and reading."""
    return Counter((known.change, known.truth, answer(known)) for known in texts)


def table(counts: Counter[tuple[str, str, AssayResult]]) -> Iterator[str]:
    """Yield a line per kind of text and truth."""
    yield f"{'text':<12}{'states':<10}" + "".join(f"{name:>10}" for name in ANSWERS)
    for change, truth in sorted({(change, truth) for change, truth, _ in counts}):
        yield f"{change:<12}{truth:<10}" + "".join(f"{counts[change, truth, name] or '·':>10}" for name in ANSWERS)


def understood(texts: Iterable[KnownText]) -> float:
    """Return the share of clean texts with a clear meaning that were read as what they state."""
    clear = [known for known in texts if known.truth != "asked" and known.change in ("clean", "other gene")]
    return sum(answer(known).value == known.truth for known in clear) / len(clear)


def both_genes(seed: int, count: int) -> tuple[int, int]:
    """Return how many texts that state both genes were read rightly, and how many wrongly."""
    right = wrong = 0
    for known, second in two_gene_texts(seed, count):
        assays = {(a.method, a.result.value) for a in read_assays("IDH1 and IDH2 sequencing", known.text)}
        expected = {(AssayMethod.IDH1_SEQUENCING, known.truth), (AssayMethod.IDH2_SEQUENCING, second)}
        asked = any(result == "unknown" for _, result in assays)
        agrees = assays == expected or (known.truth == second and assays == {(AssayMethod.NGS_PANEL, second)})
        right, wrong = right + agrees, wrong + (not agrees and not asked)
    return right, wrong


def _by_language(texts: Iterable[KnownText], language: str) -> str:
    return f"{language}: {understood([known for known in texts if known.language == language]):.1%} understood"


def main() -> None:
    """Print the confusion table, and fail on a wrong label or too few texts understood."""
    texts = [*clean_texts(1, TEXTS), *changed_texts(2, TEXTS)]
    wrong = [known for known in texts if is_wrong(known, answer(known))]
    share = understood(texts)
    right, wrong_pairs = both_genes(3, TEXTS // 3)
    lines = [*table(confusion(texts)), "", f"wrong labels {len(wrong)}; understood of the clean texts {share:.1%}"]
    lines.append(f"texts on both genes: {right} of {TEXTS // 3} understood, {wrong_pairs} wrong")
    lines += [_by_language(texts, language) for language in LANGUAGES]
    sys.stdout.write("\n".join([*lines, *(f"WRONG {known}" for known in wrong)]) + "\n")
    if wrong or wrong_pairs or share < 0.9:
        sys.exit("A text was read wrongly, or too few were understood")


if __name__ == "__main__":
    main()
