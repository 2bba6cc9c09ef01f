"""The canary by hand: `python -m tools.random_labels` trains on the demo's patches with shuffled labels.

No sequence may then be predicted: every out-of-fold interval has to contain 0.5.
"""

import sys
from collections import defaultdict

import numpy as np

from idh_tasks.db import training
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.folds import restrict, stratified_folds
from idh_tasks.learning.intervals import auc_interval
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.arrays import read_array

SEED = 1


def shuffled(labels: dict[str, bool]) -> dict[str, bool]:
    """Give the same labels to other patients."""
    order = np.random.default_rng(SEED).permutation(list(labels.values()))
    return dict(zip(labels, map(bool, order), strict=True))


def main() -> int:
    """Print one line a sequence; return 1 if an interval excludes 0.5."""
    installation = Installation()
    installation.load_options()
    platform = Platform(up.settings(installation))
    by_sequence: dict[MrSequence, list[Member]] = defaultdict(list)
    with platform.database.begin() as transaction:
        run = transaction.one("training/select_latest_promoted_run")
        if run is None:
            sys.stderr.write("run the demo first\n")
            return 1
        for member in training.members(transaction, run["run_id"]):
            by_sequence[member.sequence].append(member)
    everyone = {m.patient_key: m.mutant for members in by_sequence.values() for m in members}
    labels, settings = shuffled(everyone), platform.settings.learning
    folds = stratified_folds(labels, settings.folds, settings.seed)
    excluded = 0
    for sequence in MODEL_SEQUENCES:
        members = by_sequence[sequence]
        own = {m.patient_key: labels[m.patient_key] for m in members}
        patches = {m.patient_key: read_array(platform.store.get(m.object_key)) for m in members}
        outcomes = cross_validate(patches, own, restrict(folds, own), settings)
        found = auc_interval([score for outcome in outcomes for score in outcome.scores], settings.seed)
        excluded += not found.low <= 0.5 <= found.high
        sys.stdout.write(f"{sequence}: AUC {found.value:.2f} [{found.low:.2f}, {found.high:.2f}] n={len(own)}\n")
        sys.stdout.flush()
    return int(excluded > 0)


if __name__ == "__main__":
    sys.exit(main())
