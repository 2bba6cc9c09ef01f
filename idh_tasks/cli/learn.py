"""`idh learn`: folds, training, metrics and reports on files; the platform's champions."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.reason import Reason
from idh_tasks.domain.learning import Scheme, Selection
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence

if TYPE_CHECKING:
    from idh_tasks.db.models import HistoryEvent
    from idh_tasks.domain.learning import ModelRecord
    from idh_tasks.offline.learning import Split

learn = typer.Typer(no_args_is_help=True, help="Folds, training, metrics and reports on files; champions.")

CHAMPION = f"{'sequence':8}  {'model':16}  run"
EVENT = f"{'at':16}  {'sequence':8}  {'model':16}  what happened"

SchemeOption = Annotated[Scheme, typer.Option("--scheme", help="Disjoint folds, or the paper's random 80:20 splits.")]
MinMutants = Annotated[
    int | None, typer.Option("--min-mutants", min=0, help="Mutants that every test set must have (repeated: 5).")
]
Folds = Annotated[int, typer.Option("--folds", min=2, help="Number of folds.")]
Repetitions = Annotated[int, typer.Option("--repetitions", min=1, help="Cross-validations, each with other folds.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="The same seed gives the same result.")]

WithNetwork = Annotated[MrSequence, typer.Argument(help=f"One with a network: {', '.join(MODEL_SEQUENCES)}.")]
By = Annotated[str, typer.Option("--by", help="Who decides; goes into the audit log.")]


def _above_zero(value: float) -> float:
    if not 0 < value < math.inf:
        raise typer.BadParameter("it must be a number above 0")
    return value


@learn.command("folds")
def folds(
    labels: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: patient, label.")],
    scheme: SchemeOption = Scheme.STRATIFIED,
    min_mutants: MinMutants = None,
    count: Folds = 5,
    repetitions: Repetitions = 1,
    seed: Seed = 20200,
    as_json: AsJson = False,
) -> None:
    """Split patients into folds, or explain with numbers why that is impossible."""
    from idh_tasks.offline import learning
    from idh_tasks.settings import LearningSettings

    chosen = {"scheme": scheme, "min_mutants": min_mutants, "folds": count, "repetitions": repetitions, "seed": seed}
    split = learning.split(labels, LearningSettings.model_validate(chosen))
    low, high = min(split.mutants), max(split.mutants)
    span = f"{low}–{high}" if low < high else f"{low}"
    output.note(f"{scheme}: {span} mutants in a test set ({split.all_mutants} mutants among {split.patients} patients)")
    if as_json:
        output.show(learning.as_json(split), as_json)
    else:
        output.say(_folds(split))


def _folds(split: "Split") -> str:
    return "\n".join(
        f"fold {fold.number}: train {len(fold.train)}, test {len(fold.test)} ({mutants} mutant)"
        for fold, mutants in zip(split.folds, split.mutants, strict=True)
    )


@learn.command("train")
def train(
    data: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=r".npz: x \[n,64,64], y {0,1}, patient.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the run; a killed run resumes there.")],
    epochs: Annotated[int, typer.Option(min=1, help="Epochs per network.")] = 500,
    batch_size: Annotated[int, typer.Option(min=1, help="Patches per step.")] = 16,
    learning_rate: Annotated[float, typer.Option(callback=_above_zero, help="Learning rate of Adam.")] = 1e-4,
    select: Annotated[Selection, typer.Option(help="Last weights, or early stopping.")] = Selection.LAST,
    scheme: SchemeOption = Scheme.STRATIFIED,
    min_mutants: MinMutants = None,
    count: Folds = 5,
    repetitions: Repetitions = 3,
    seed: Seed = 20200,
    sequence: Annotated[MrSequence | None, typer.Option(help="For the paper's row in the report.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cross-validate the paper's network, train it on all patients, and write scores, metrics and model."""
    from idh_tasks.offline import learning
    from idh_tasks.pipelines.train.cost import UNKNOWN, minutes, networks
    from idh_tasks.settings import LearningSettings

    settings = LearningSettings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        select=select,
        scheme=scheme,
        min_mutants=min_mutants,
        folds=count,
        repetitions=repetitions,
        seed=seed,
    )
    output.note(f"{networks(settings, 1)}; {UNKNOWN}")
    started = time.monotonic()
    measured = learning.train(data, out, settings, sequence or "")
    output.note(f"trained in {minutes(time.monotonic() - started)}")
    output.show(measured, as_json, output.as_known_fields)


@learn.command("metrics")
def metrics(
    scores: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help=r"CSV: patient, label, probability_mutant\[, fold]\[, repetition]."
        ),
    ],
    seed: Seed = 20200,
    as_json: AsJson = False,
) -> None:
    """Compute the paper's columns, intervals over patients, and calibration."""
    from idh_tasks.offline import learning, learning_files

    read = learning_files.read_scores(scores)
    measured = learning.measured(read, seed)
    if note := learning.several_rows(read):
        output.note(note)
    output.show(measured, as_json, output.as_known_fields)


@learn.command("report")
def report(
    run_dir: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of `idh learn train`.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The HTML file.")],
) -> None:
    """Write the report of a run: Table 1 beside the paper's, ROC, box plots, learning curves, calibration."""
    from idh_tasks.offline import learning

    out.write_text(learning.report(run_dir))


@learn.command("champion")
def champion(as_json: AsJson = False) -> None:
    """Show the present champion of each sequence."""
    from idh_tasks.pipelines.train import promotion

    output.show_each(promotion.champions(platform.open_platform(Role.MONITOR)), as_json, _champion, head=CHAMPION)


def _champion(model: "ModelRecord") -> str:
    return f"{model.sequence:8}  {model.model_id:16}  {model.run_id}"


@learn.command("history")
def history(
    sequence: Annotated[MrSequence | None, typer.Argument(help="Only this sequence.")] = None, as_json: AsJson = False
) -> None:
    """Show every promotion, refusal, rollback and withdrawal, the latest first."""
    from idh_tasks.pipelines.train import promotion

    output.show_each(promotion.history(platform.open_platform(Role.MONITOR), sequence), as_json, _event, head=EVENT)


def _event(event: "HistoryEvent") -> str:
    at = f"{event.occurred_at:%Y-%m-%d %H:%M}"
    return f"{at}  {event.sequence:8}  {event.model_id:16}  {event.action} by {event.actor}; now {event.state}"


@learn.command("rollback")
def rollback(sequence: WithNetwork, actor: By = "operator") -> None:
    """Make the previous champion of a sequence champion again."""
    from idh_tasks.pipelines.operate.withdrawal import roll_back

    model_id = roll_back(platform.open_platform(Role.TRAIN), sequence, actor)
    output.say(f"{sequence}: {model_id} is champion again")


@learn.command("withdraw")
def withdraw(
    sequence: WithNetwork,
    model_id: Annotated[str, typer.Argument(help="The champion, as `idh learn champion` prints it.")],
    reason: Reason,
    actor: By = "operator",
) -> None:
    """Withdraw the champion of a sequence without a successor; this network never becomes champion again."""
    from idh_tasks.pipelines.operate import withdrawal

    withdrawal.withdraw(platform.open_platform(Role.PAGES), sequence, model_id, reason, actor)
    output.say(
        f"{sequence}: {model_id} is withdrawn; trigger predict_studies, which supersedes documents with its figure"
    )
