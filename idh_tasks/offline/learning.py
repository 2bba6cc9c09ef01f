"""Learning on files, for a scientist: folds, training, metrics and reports, without database or store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from idh_tasks.codes import Code
from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore, LeakCheck, SequenceResult
from idh_tasks.domain.learning_fit import LearningCurves
from idh_tasks.domain.performance import STATED, Interval, Spread
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.calibration import for_site
from idh_tasks.learning.checkpoints import FolderCheckpoints
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import FoldOutcome, TrainingData
from idh_tasks.learning.folds import folds_of, mutants_held_out
from idh_tasks.learning.leak_checks import leak_checks
from idh_tasks.learning.leakage import check_unique
from idh_tasks.learning.learning_curves import fitted
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.pairs import one_row_each
from idh_tasks.learning.performance import assess
from idh_tasks.learning.stated import cohort_weights
from idh_tasks.offline.learning_files import read_data, read_labels, read_scores, refuse_small, write_scores
from idh_tasks.pipelines.platform import code_version
from idh_tasks.reporting import figures
from idh_tasks.reporting.report import Figures, Report, SequenceReport, prior_text, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store.objects import sha256

PACKAGES = ("keras", "numpy", "scikit-learn")


Plan = dict[str, object]
"""Name, data hash and settings of the run to which a folder belongs."""
Numbers = dict[str, float | None]
"""Metrics by name, always the same names; None for a number that does not exist."""


@dataclass(frozen=True)
class Split:
    """The folds of a label file, with the mutants in each test set, all patients and all mutants."""

    folds: list[Fold]
    mutants: list[int]
    patients: int
    all_mutants: int


def split(path: Path, settings: LearningSettings) -> Split:
    """Make the folds of a label file; they are those of `train` with the same patients and settings."""
    labels = dict(sorted(read_labels(path).items()))
    folds = folds_of(labels, settings)
    return Split(folds, mutants_held_out(folds, labels), len(labels), sum(labels.values()))


def as_json(split: Split) -> Mapping[str, object]:
    """Return folds as the command line prints them."""
    return {
        "folds": [
            {"repetition": fold.repetition, "train": list(fold.train), "test": list(fold.test)} for fold in split.folds
        ]
    }


def measured(scores: Sequence[HeldOutScore], seed: int, prevalence: float | None = None) -> Numbers:
    """Return all metrics of a set of scores under flat names; those of repetitions are means over them.

    Numbers are those of patients. One that does not exist is None, such as the bounds of an AUC without an interval.

    Parameters
    ----------
    prevalence
        The share of mutants in the cohort; by default, among the patients who have scores.

    Raises
    ------
    RunRefusedError
        As `assess`.
    """
    performance, metrics = assess(scores, seed, prevalence), measure(one_row_each(scores))
    counted = {"n": performance.n, "mutants": performance.mutants, "auc": performance.auc.value}
    bounds = _bounds("auc", performance.auc) | _bounds("auc_delong", performance.delong) | _spread(performance.spread)
    stated = {name: getattr(performance, name) for name in ("brier", *STATED)}
    return asdict(metrics) | {"ppv": metrics.ppv, "npv": metrics.npv} | counted | bounds | stated


def _bounds(name: str, interval: Interval | None) -> Numbers:
    bounds = (interval.low, interval.high) if interval is not None and interval.bounded else (None, None)
    return dict(zip((f"{name}_low", f"{name}_high"), bounds, strict=True))


def _spread(spread: Spread | None) -> Numbers:
    if spread is None:
        return {"repetitions": 1, "auc_lowest": None, "auc_highest": None}
    return {"repetitions": spread.repetitions, "auc_lowest": spread.lowest, "auc_highest": spread.highest}


def several_rows(scores: Sequence[HeldOutScore]) -> str:
    """Return how several scores of a patient were counted, or nothing if every patient has one."""
    patients, rows = len({s.patient_key for s in scores}), one_row_each(scores)
    if patients == len(scores):
        return ""
    doubled = len(scores) - len(rows)
    mean = f"; {doubled} rows repeat patient, fold and repetition, and count with the others by their mean"
    return f"{len(scores)} scores of {patients} patients; intervals are those of patients{mean if doubled else ''}"


def train(data: Path, out: Path, settings: LearningSettings, name: str) -> Numbers:
    """Cross-validate the patches of a file, train the final network, and write everything to a folder.

    A run that was killed resumes from its checkpoints.

    Raises
    ------
    RunRefusedError
        ``E_STALE`` if the folder has a run with other data or settings; otherwise as folds and training.
    """
    patches, labels = read_data(data)
    refuse_small(patches, 2 ** len(settings.filters))
    labels = dict(sorted(labels.items()))
    folds = folds_of(labels, settings)
    plan: Plan = {
        "name": name,
        "data_sha256": sha256(data.read_bytes()),
        "settings": settings.model_dump(mode="json"),
    }
    _claim(out, plan)
    checkpoints = FolderCheckpoints(out / "checkpoints")
    training = TrainingData(patches, labels, folds)
    check_unique(patches)
    outcomes = cross_validate(training, settings, checkpoints)
    checks = [asdict(check) for check in leak_checks(training, {}, settings.seed)]
    return _write(out, plan | {"checks": checks}, outcomes, settings)


def _claim(out: Path, plan: Plan) -> None:
    """Bind the folder to this run, unless it is bound to another."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "plan.json"
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(plan)):
        reason = f"{out.name} has a run with other data or settings; choose another folder"
        raise RunRefusedError(Code.E_STALE, reason)
    path.write_text(json.dumps(plan, indent=1))


def _write(out: Path, plan: Plan, outcomes: Sequence[FoldOutcome], settings: LearningSettings) -> Numbers:
    folds = [outcome for outcome in outcomes if outcome.number != FINAL]
    final = next(outcome for outcome in outcomes if outcome.number == FINAL)
    scores = [score for outcome in folds for score in outcome.scores]
    numbers = measured(scores, settings.seed, final.calibration.prevalence)
    if final.model_file is not None:
        (out / "model.keras").write_bytes(final.model_file)
    write_scores(out / "scores.csv", scores)
    run = plan | {"metrics": numbers} | _folds(folds) | _final_network(final, settings) | _versions()
    (out / "run.json").write_text(json.dumps(run, indent=1))
    return numbers


def _folds(outcomes: Sequence[FoldOutcome]) -> dict[str, Any]:
    folds = [asdict(measure(o.scores)) | {"fold": o.number, "calibration": asdict(o.calibration)} for o in outcomes]
    curves = {"curves": [o.curve for o in outcomes], "training_curves": [o.training_curve for o in outcomes]}
    return {"folds": folds} | curves


def _final_network(final: FoldOutcome, settings: LearningSettings) -> dict[str, Any]:
    return {
        "prevalence": final.calibration.prevalence,
        "calibration": asdict(for_site(final.calibration, settings.site_prevalence)),
        "model_sha256": sha256(final.model_file or b""),
        "parameters": final.parameters,
        "device": final.device,
    }


def _versions() -> dict[str, Any]:
    return {"code": code_version("learning"), "versions": {name: version(name) for name in PACKAGES}}


def report(run_dir: Path) -> str:
    """Return the HTML report of a run written by `train`.

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if the folder has no finished run.
    """
    path = run_dir / "run.json"
    if not path.exists():
        raise RunRefusedError(Code.E_NO_RUN, f"{run_dir.name} has no finished run; repeat `idh learn train`")
    run = json.loads(path.read_text())
    scores = read_scores(run_dir / "scores.csv")
    seed, site_prevalence = int(run["settings"]["seed"]), run["settings"].get("site_prevalence")
    checks = TypeAdapter(tuple[LeakCheck, ...]).validate_python(run.get("checks", ()))
    known = (run.get("prevalence"), run.get("parameters"), checks)
    sequence = sequence_report(_sequence(run["name"]), scores, seed, *known)
    settings = json.dumps(run["settings"], indent=1)
    run_id = sha256(path.read_bytes())[:12]
    curves = fitted(_curves(run["curves"]), _curves(run.get("training_curves", [])))
    drawn = _figures(sequence, scores, curves, run.get("prevalence"))
    report = Report(run_id, "as supplied in the file", [sequence], settings, drawn, prior=prior_text(site_prevalence))
    return render(report)


def _curves(stored: Sequence[Sequence[tuple[float, float]]]) -> list[list[tuple[int, float]]]:
    return [[(int(epoch), float(loss)) for epoch, loss in curve] for curve in stored]


def _figures(
    report: SequenceReport, scores: Sequence[HeldOutScore], curves: LearningCurves, prevalence: float | None
) -> Figures:
    name = report.result.sequence
    return Figures(
        roc=figures.roc_figure({name: scores}),
        boxes=figures.box_figure({name: report.folds}),
        learning=figures.learning_figure({name: curves}),
        calibration=figures.calibration_figure({name: scores}, {name: cohort_weights(scores, prevalence)}),
        patches="",
    )


def _sequence(name: str) -> MrSequence:
    return MrSequence(name) if name in MrSequence.__members__ else MrSequence.OTHER


def sequence_report(
    name: MrSequence,
    scores: Sequence[HeldOutScore],
    seed: int,
    prevalence: float | None = None,
    parameters: int | None = None,
    checks: tuple[LeakCheck, ...] = (),
) -> SequenceReport:
    """Return the report of one sequence from its out-of-fold scores and what its run keeps."""
    by_fold: dict[int, list[HeldOutScore]] = {}
    for score in scores:
        by_fold.setdefault(score.fold, []).append(score)
    folds = tuple(measure(own) for _, own in sorted(by_fold.items()))
    result = SequenceResult(name, assess(scores, seed, prevalence), checks, parameters=parameters)
    return SequenceReport(result, folds)
