"""Measures proposed outlines on tumours that took no part in the training: `python -m tools.outline_report FOLDER`.

The folder holds one folder per patient in BraTS layout. Each patient is left out of a training of its own, in which
neither the images nor the healed head of this patient take part. What is measured is the patient's own tumour, with and
without T1 after contrast, and tumours of another generator in the healed head.
"""

import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal import ProposalImages, propose_tumour
from idh_tasks.imaging.proposal.classifier import Classifier
from idh_tasks.imaging.proposal.grid import MM
from tools.grown_tumours import KINDS, grow
from tools.outline_training.cases import cases
from tools.outline_training.heads import Head, can_be_healed, healed, read_heads
from tools.outline_training.training import train
from tools.overlap import OutlineAgreement, compare

SPACING_MM = (MM, MM, MM)


@dataclass(frozen=True)
class Measured:
    """One tumour of a set; without agreement no outline was proposed."""

    set_name: str
    name: str
    agreement: OutlineAgreement | None
    doubts: tuple[str, ...] = ()


def measure(set_name: str, name: str, head: Head, classifiers: tuple[Classifier, ...]) -> Measured:
    """Propose an outline and compare it with the true one."""
    images = ProposalImages(head.images["t2"], head.images["flair"], head.images.get("t1ce"))
    try:
        proposal = propose_tumour(images, head.brain, SPACING_MM, classifiers)
    except SeriesRejectedError:
        return Measured(set_name, name, None)
    return Measured(set_name, name, compare(proposal.mask, head.tumour, SPACING_MM), proposal.doubts)


def left_out(head: Head, classifiers: tuple[Classifier, ...]) -> Iterator[Measured]:
    """Measure a patient by classifiers in whose training the patient took no part."""
    yield measure("real", head.patient, head, classifiers)
    yield measure("real, no T1c", head.patient, _without_t1c(head), classifiers)
    if can_be_healed(head):
        for number, kind in enumerate(KINDS):
            rng = np.random.default_rng([number, zlib.crc32(head.patient.encode())])
            drawn = grow(healed(head), kind, rng)
            yield measure("grown", f"{head.patient} {kind}", drawn, classifiers)
            yield measure("grown, no T1c", f"{head.patient} {kind}", _without_t1c(drawn), classifiers)


def _without_t1c(head: Head) -> Head:
    return replace(head, images={name: image for name, image in head.images.items() if name != "t1ce"})


def line(result: Measured) -> str:
    """Return the figures of one tumour."""
    if result.agreement is None:
        return f"{result.set_name:14} {result.name:28} E_NO_ROI"
    found = result.agreement
    return (
        f"{result.set_name:14} {result.name:28} Dice {found.dice:.2f}  HD95 {found.hausdorff_mm:4.1f} mm  "
        f"widest slice {found.slice_mm:2.0f} mm off  rectangle {found.rectangle:.2f}  {'; '.join(result.doubts)}"
    )


def summary(results: Sequence[Measured]) -> str:
    """Return the figures of one set; an unflagged outline is one without a doubt."""
    pairs = [(result.agreement, result.doubts) for result in results if result.agreement is not None]
    dice = [found.dice for found, _ in pairs]
    unflagged = [found.dice for found, doubts in pairs if not doubts]
    medians = np.median([[a.hausdorff_mm, a.slice_mm, a.rectangle] for a, _ in pairs], axis=0)
    return (
        f"{results[0].set_name}: {len(results)} tumours, {len(results) - len(pairs)} refused; Dice median "
        f"{np.median(dice):.2f}, worst {min(dice):.2f}; HD95 {medians[0]:.1f} mm; widest slice {medians[1]:.0f} mm "
        f"off; rectangle {medians[2]:.2f}; {len(unflagged)} without doubt, worst of them "
        f"{min(unflagged, default=np.nan):.2f}"
    )


def main(root: Path) -> None:
    """Print a line per tumour and one per set."""
    heads, results = read_heads(root), []
    every = list(cases(heads))
    for head in heads:
        classifiers = train([case for case in every if case.patient != head.patient])
        for result in left_out(head, classifiers):
            results.append(result)
            sys.stdout.write(f"{line(result)}\n")
    for name in dict.fromkeys(result.set_name for result in results):
        sys.stdout.write(f"{summary([result for result in results if result.set_name == name])}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
