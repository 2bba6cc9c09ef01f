"""Records the outcome of training a sequence: results and a registered model, or a refusal."""

import logging
import socket
from importlib.metadata import PackageNotFoundError, version

from idh_tasks.db import models, results
from idh_tasks.domain.learning import FINAL, FoldResult, ModelRecord, Refusal, RefusedSequence, SequenceResult
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.calibration import for_site
from idh_tasks.learning.fold_training import FoldOutcome
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.performance import assess
from idh_tasks.pipelines.platform import Platform, code_version
from idh_tasks.pipelines.train.cost import minutes
from idh_tasks.pipelines.train.job import SequenceJob, TrainedSequence
from idh_tasks.pipelines.train.untrained import true_reason
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)

PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy")


def record_refusal(platform: Platform, job: SequenceJob, error: RunRefusedError) -> None:
    """Record that no network could be trained, and why."""
    with platform.database.begin() as transaction:
        refusal = Refusal(error.code, true_reason(transaction, job, error))
        outcome = RefusedSequence(len(job.labels), sum(job.labels.values()), refusal)
        results.save(transaction, job.run_id, SequenceResult(job.sequence, outcome))
    log.warning("%s: %s", job.sequence, error)


def record_training(platform: Platform, job: SequenceJob, trained: TrainedSequence, settings: LearningSettings) -> None:
    """Store the final network, then its results and its registration in one transaction.

    Parameters
    ----------
    settings
        Those with which the run was frozen.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if the patients who were held out lack a class.
    """
    final = next(outcome for outcome in trained.outcomes if outcome.number == FINAL)
    held_out = [outcome for outcome in trained.outcomes if outcome.number != FINAL]
    scores = [score for outcome in held_out for score in outcome.scores]
    folds = [FoldResult(o.number, measure(o.scores), o.curve, o.training_curve, o.repetition) for o in held_out]
    result = SequenceResult(
        job.sequence,
        assess(scores, settings.seed, final.calibration.prevalence),
        trained.checks,
        worker=f"{platform.settings.worker}@{socket.gethostname()}",
        device=trained.outcomes[0].device,
        seconds=trained.seconds,
        parameters=final.parameters,
    )
    model, calibration = _store_model(platform, job, final), for_site(final.calibration, settings.site_prevalence)
    environment = _package_versions() | {"code": code_version("learning")}
    with platform.database.begin() as transaction:
        results.save(transaction, job.run_id, result, folds, scores, final.scores)
        models.register(transaction, model, calibration, environment)
    log.info("%s: trained in %s", job.sequence, minutes(trained.seconds))


def _store_model(platform: Platform, job: SequenceJob, final: FoldOutcome) -> ModelRecord:
    if final.model_file is None:
        raise AssertionError("the final fold has a model file")
    key = keys.model(job.run_id, job.sequence)
    sha256 = platform.store.put(key, final.model_file)
    return ModelRecord(keys.digest(job.run_id, job.sequence), job.run_id, job.sequence, key, sha256)


def _package_versions() -> dict[str, str]:
    """Return the versions of the packages that determine a network, of those that are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
