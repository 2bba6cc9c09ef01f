"""Makes the cases of the training: variants of real patients, and drawn tumours in their healed heads."""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from tools.outline_training.heads import Head, can_be_healed, healed
from tools.outline_training.tumours import CLASSES, draw, tissues_of
from tools.outline_training.variants import VARIANTS, vary
from tools.outline_training.voxels import Case, measured

DRAWN = 26
"""Drawn tumours per head that can be healed."""
WITHOUT_T1C = 0.25


def cases(heads: Sequence[Head]) -> Iterator[Case]:
    """Yield the cases of each patient; they do not depend on who the others are."""
    for head in heads:
        yield from _real(head)
        if can_be_healed(head):
            yield from (measured(with_tumour) for _, with_tumour in drawn(healed(head)))


def drawn(base: Head) -> Iterator[tuple[str, Head]]:
    """Yield the kinds of the tumours that are drawn into a healed head, and the head with each of them."""
    tissues = tissues_of(base)
    for number in range(DRAWN):
        rng, kind = _random(base, str(number)), CLASSES[number % len(CLASSES)]
        head = draw(base, tissues, kind, rng)
        yield kind, vary(head, "without t1c", rng) if rng.random() < WITHOUT_T1C else head


def _real(head: Head) -> Iterator[Case]:
    for name in VARIANTS:
        yield measured(vary(head, name, _random(head, name)))


def _random(head: Head, purpose: str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(text.encode()) for text in (head.patient, purpose)])
