"""Measures proposed outlines on tumours that took no part in the training: `python -m tools.outline_report FOLDER`.

The folder holds one folder per patient in BraTS layout. Each patient is left out of a training of its own, in which
neither the images nor the healed head of this patient take part. What is measured is the patient's own tumour, with and
without T1 after contrast, and tumours of two generators in the healed head. The line from the agreement of the
classifiers to the expected overlap, and the least overlap of a proposal, come from the real and the drawn ones.
"""

import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from idh_tasks.imaging.proposal import Proposal, ProposalImages
from idh_tasks.imaging.proposal.classifier import Classifiers
from idh_tasks.imaging.proposal.grid import MM
from idh_tasks.imaging.proposal.proposal import ERROR, find_tumour, why_unreliable
from tools.grown_tumours import KINDS, grow
from tools.outline_training.cases import cases, drawn
from tools.outline_training.heads import Head, can_be_healed, healed, read_heads
from tools.outline_training.training import train
from tools.overlap import OutlineAgreement, compare

SPACING_MM = (MM, MM, MM)
POOR = 0.6
CHOSEN_ON = ("real", "real, no T1c", "drawn")
FITTED = 0.6
"""The line is fitted where the classifiers agree by at least this; below it, outlines are at random."""


@dataclass(frozen=True)
class Measured:
    """One tumour of a set; `refused` says why its outline is not proposed. Without agreement, nothing was found."""

    set_name: str
    name: str
    found: Proposal
    refused: str | None
    agreement: OutlineAgreement | None

    @property
    def expected(self) -> float:
        """Return the expected overlap."""
        return self.found.figures["outline_expected_dice"]


def measure(set_name: str, name: str, head: Head, classifiers: Classifiers) -> Measured:
    """Find an outline and compare it with the true one."""
    images = ProposalImages(head.images["t2"], head.images["flair"], head.images.get("t1ce"))
    found = find_tumour(images, head.brain, SPACING_MM, classifiers)
    agreement = compare(found.mask, head.tumour, SPACING_MM) if found.mask.any() else None
    return Measured(set_name, name, found, why_unreliable(found, SPACING_MM), agreement)


def left_out(head: Head, classifiers: Classifiers) -> Iterator[Measured]:
    """Measure a patient by classifiers in whose training the patient took no part."""
    yield measure("real", head.patient, head, classifiers)
    yield measure("real, no T1c", head.patient, _without_t1c(head), classifiers)
    if can_be_healed(head):
        for number, kind in enumerate(KINDS):
            rng = np.random.default_rng([number, zlib.crc32(head.patient.encode())])
            grown = grow(healed(head), kind, rng)
            yield measure("grown", f"{head.patient} {kind}", grown, classifiers)
            yield measure("grown, no T1c", f"{head.patient} {kind}", _without_t1c(grown), classifiers)
        for kind, tumour in drawn(healed(head)):
            if tumour.tumour.any():
                yield measure("drawn", f"{head.patient} {kind}", tumour, classifiers)


def _without_t1c(head: Head) -> Head:
    return replace(head, images={name: image for name, image in head.images.items() if name != "t1ce"})


def line(result: Measured) -> str:
    """Return the figures of one tumour."""
    name = f"{result.set_name:14} {result.name:32}"
    if result.agreement is None:
        return f"{name} nothing found"
    found = result.agreement
    remark = "; ".join(result.found.doubts) if result.refused is None else f"E_NO_ROI: {result.refused}"
    return (
        f"{name} Dice {found.dice:.2f}, expected {result.expected:.2f}  HD95 {found.hausdorff_mm:4.1f} mm  "
        f"widest slice {found.slice_mm:2.0f} mm off  rectangle {found.rectangle:.2f}  {remark}"
    )


def summary(results: Sequence[Measured]) -> str:
    """Return the figures of one set; those of Dice and distance are over what is proposed."""
    refused = [result for result in results if result.refused is not None]
    proposed = [(r.agreement, r) for r in results if r.refused is None and r.agreement is not None]
    dice = [found.dice for found, _ in proposed]
    certain = [found.dice for found, result in proposed if not result.found.doubts]
    medians = np.median([[a.hausdorff_mm, a.slice_mm, a.rectangle] for a, _ in proposed], axis=0)
    off = np.array([found.dice - result.expected for found, result in proposed])
    poor = [result for result in refused if result.agreement is None or result.agreement.dice < POOR]
    return (
        f"{results[0].set_name}: {len(results)} tumours, {len(refused)} refused, of which {len(poor)} below {POOR}; "
        f"Dice median {np.median(dice):.2f}, worst {min(dice):.2f}; HD95 {medians[0]:.1f} mm; widest slice "
        f"{medians[1]:.0f} mm off; rectangle {medians[2]:.2f}; {len(certain)} without doubt, worst of them "
        f"{min(certain, default=np.nan):.2f}; {(abs(off) <= ERROR).mean():.0%} within {ERROR} of the expected Dice"
    )


def choice(results: Sequence[Measured]) -> str:
    """Return the line of the expected overlap, and the largest value of an outline that is poor."""
    pairs = [(r.agreement.dice, r) for r in results if r.set_name in CHOSEN_ON and r.agreement is not None]
    points = np.array([(r.found.figures["outline_agreement"], overlap) for overlap, r in pairs])
    agreement, dice = points[points[:, 0] >= FITTED].T
    slope, offset = np.polyfit(agreement, dice, 1)
    largest = max((r.expected for overlap, r in pairs if overlap < POOR), default=np.nan)
    return f"Dice = {slope:.2f} · agreement {offset:+.3f}; largest expected Dice of one below {POOR}: {largest:.3f}"


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
    sys.stdout.write(f"{choice(results)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
