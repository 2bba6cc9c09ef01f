"""Trains on the demo's patches with shuffled labels: `python -m tools.random_labels`.

Shuffled labels cannot be predicted: the out-of-fold interval of every sequence must contain 0.5.
"""

import sys
from collections.abc import Mapping

import numpy as np

from idh_tasks.db import datasets, training
from idh_tasks.domain.learning import Member, labels_of
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import restrict, stratified_folds
from idh_tasks.learning.intervals import bootstrap_interval
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.arrays import read_array

SEED = 1


def shuffled(labels: Mapping[str, bool], seed: int) -> dict[str, bool]:
    """Return the same labels, assigned to other patients."""
    order = np.random.default_rng(seed).permutation(list(labels.values()))
    return dict(zip(labels, map(bool, order), strict=True))


def latest_members(platform: Platform) -> list[Member]:
    """Return the members of the latest promoted run's dataset; none if there is no such run."""
    with platform.database.begin() as transaction:
        run = training.latest_promoted_run(transaction)
        return datasets.members(transaction, run.run_id) if run else []


def main() -> int:
    """Print one line per sequence; return 1 if an interval excludes 0.5, or if there is nothing to train on."""
    installation = Installation()
    installation.load_options()
    platform = Platform(up.settings(installation, Role.TRAIN))
    everyone = latest_members(platform)
    if not everyone:
        sys.stderr.write("run the demo first\n")
        return 1
    labels, settings = shuffled(labels_of(everyone), SEED), platform.settings.learning
    folds = stratified_folds(labels, settings.folds, settings.seed)
    excluded = 0
    for sequence in MODEL_SEQUENCES:
        members = [member for member in everyone if member.sequence is sequence]
        own = {m.patient_key: labels[m.patient_key] for m in members}
        patches = {m.patient_key: read_array(platform.store.get(m.object_key)) for m in members}
        outcomes = cross_validate(TrainingData(patches, own, restrict(folds, own)), settings, final=False)
        auc = bootstrap_interval([score for outcome in outcomes for score in outcome.scores], settings.seed)
        excluded += not auc.low <= 0.5 <= auc.high
        sys.stdout.write(f"{sequence}: AUC {auc.value:.2f} [{auc.low:.2f}, {auc.high:.2f}] n={len(own)}\n")
        sys.stdout.flush()
    return int(excluded > 0)


if __name__ == "__main__":
    sys.exit(main())
