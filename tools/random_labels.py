"""Trains on the demo's patches with shuffled labels, and prints the mean AUC of every sequence.

Shuffled labels cannot be predicted: over many shuffles, the mean out-of-fold AUC must be 0.5.
"""

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from idh_tasks.db import datasets, training
from idh_tasks.domain.learning import Member, labels_of
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import restrict, stratified_folds
from idh_tasks.learning.pairs import auc_of, pairs_of
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.arrays import read_array

SHUFFLES = int(sys.argv[1]) if len(sys.argv) > 1 else 10
MARGIN = 0.03


def shuffled(labels: Mapping[str, bool], seed: int) -> dict[str, bool]:
    """Return the same labels, assigned to other patients."""
    order = np.random.default_rng(seed).permutation(list(labels.values()))
    return dict(zip(labels, map(bool, order), strict=True))


def latest_members(platform: Platform) -> list[Member]:
    """Return the members of the latest promoted run's dataset; none if there is no such run."""
    with platform.database.begin() as transaction:
        run = training.latest_promoted_run(transaction)
        return datasets.members(transaction, run.run_id) if run else []


def null_auc(platform: Platform, members: Sequence[Member], labels: Mapping[str, bool]) -> float:
    """Return the out-of-fold AUC of networks that learn these labels from the patches of one sequence."""
    settings = platform.settings.learning
    own = {member.patient_key: labels[member.patient_key] for member in members}
    patches = {member.patient_key: read_array(platform.store.get(member.object_key)) for member in members}
    folds = restrict(stratified_folds(dict(labels), settings.folds, settings.seed), own)
    outcomes = cross_validate(TrainingData(patches, own, folds), settings, final=False)
    return auc_of(pairs_of([score for outcome in outcomes for score in outcome.scores]).rounds)


def main() -> int:
    """Print one line per sequence and one for all; return 1 beyond the margin, or without anything to train on."""
    installation = Installation()
    installation.load_options()
    platform = Platform(up.settings(installation, Role.TRAIN))
    everyone = latest_members(platform)
    if not everyone:
        sys.stderr.write("run the demo first\n")
        return 1
    shuffles = [shuffled(labels_of(everyone), seed) for seed in range(SHUFFLES)]
    found: list[float] = []
    for sequence in MODEL_SEQUENCES:
        members = [member for member in everyone if member.sequence is sequence]
        own = [null_auc(platform, members, labels) for labels in shuffles]
        sys.stdout.write(f"{sequence}: mean AUC {np.mean(own):.3f} of {SHUFFLES} shuffles, {len(members)} patients\n")
        sys.stdout.flush()
        found += own
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    sys.stdout.write(f"all: mean AUC {np.mean(found):.3f}, standard error {error:.3f}\n")
    return int(abs(np.mean(found) - 0.5) > MARGIN)


if __name__ == "__main__":
    sys.exit(main())
