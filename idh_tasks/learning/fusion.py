"""Fusion of the sequences of a patient into one probability."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.calibration import calibrate_scores

Scores = Mapping[MrSequence, Sequence[HeldOutScore]]
"""The held-out scores of each sequence."""


def mean_fusion(scores: Scores, prevalence: float) -> list[HeldOutScore]:
    """Return for each time a patient was held out the mean of the networks' outputs for the sequences they have.

    Nothing is fitted to order the patients: a fit on scores of networks that have seen the labels of the fold finds
    signal in noise (record 0081). The stated probabilities are calibrated like those of one network.

    Parameters
    ----------
    prevalence
        The share of mutants in the cohort.
    """
    held_out: dict[tuple[str, int], list[HeldOutScore]] = defaultdict(list)
    for own in scores.values():
        for score in own:
            held_out[score.patient_key, score.fold].append(score)
    return calibrate_scores([_mean(held_out[key]) for key in sorted(held_out)], prevalence)


def _mean(of_patient: Sequence[HeldOutScore]) -> HeldOutScore:
    return replace(of_patient[0], probability_mutant=float(np.mean([s.probability_mutant for s in of_patient])))
