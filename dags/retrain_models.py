"""
### Retrain models

Every week, on demand, and after patches or their labels have changed: freeze the labelled cohort, cross-validate one
network per sequence on the `gpu` queue, write the report, compare with the champions, ask for approval, and promote.

A scheduled run trains if there is no champion, if enough cases are new (`IDH_LEARNING__RETRAIN_AFTER_NEW_CASES`), or if
the labels of enough patients have changed since (`IDH_LEARNING__RETRAIN_AFTER_AFFECTED`; see `idh linkage affected`).
A run triggered by a person trains on any change.

**Writes**: `idh.dataset`, `idh.training_run`, `idh.fold_result`, `idh.held_out_score`, `idh.model`.

A challenger is refused if it is worse or less well calibrated than its champion by more than a margin, if it assigns
all patients to one class, or if a network trained on shuffled labels does better than chance. `approve` waits for a
person under *Required Actions*, unless `IDH_APPROVAL=auto`; an approval counts only for the networks and figures that
were shown. `idh learn rollback SEQUENCE` reverts a promotion.

**When it is red**: finished sequences are kept. Clear the failed one, and only it is trained again. After `E_STALE` or
`E_NOT_SHOWN`, trigger a new run, because Airflow keeps what `approve` showed first: nothing is trained twice.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag
from idh_airflow.approval import approval, approval_of
from idh_airflow.assets import CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, RETRAIN_CRON
from idh_airflow.steps import skip_unless, step

from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence

ROLE = Role.TRAIN
GPU = {"queue": "gpu", "pool": "gpu", "execution_timeout": timedelta(hours=6)}


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(RETRAIN_CRON, timezone="UTC"), assets=[PATCHES]),
    doc_md=__doc__,
    **DAG_DEFAULTS | {"dagrun_timeout": timedelta(days=7)},
)
def retrain_models() -> None:
    """Freeze cohort → train each sequence → evaluate → judge → approve → promote."""

    @step()
    def freeze_cohort(dag_run: Any = None) -> str:
        from idh_tasks.pipelines.train import freeze

        due = freeze.freeze_cohort(platform(ROLE), force=dag_run.run_type == "manual")
        skip_unless(due.run_id, due.reason)
        return str(due.run_id)

    @step(map_index_template="{{ task.op_kwargs['sequence'] }}", **GPU)
    def train_sequence(training_run: str, sequence: str, ti: Any = None) -> str:
        from idh_tasks.pipelines.train import sequence as training

        # The same for every attempt of this task, so that a retry resumes where the last attempt was killed.
        holder = f"{ti.run_id} {ti.map_index}"
        return training.train_sequence(platform(ROLE), training_run, MrSequence(sequence), holder)

    @step()
    def evaluate(training_run: str) -> str:
        from idh_tasks.pipelines.train.evaluate import evaluate as write_report

        return write_report(platform(ROLE), training_run)

    @step()
    def judge(training_run: str) -> dict[str, Any]:
        from idh_tasks.pipelines.train import promotion

        judgement = promotion.judge_challengers(platform(ROLE), training_run)
        skip_unless(judgement["eligible"], "no challenger was good enough")
        return dict(judgement)

    @step(outlets=[CHAMPIONS])
    def promote(training_run: str, judgement: Any, approved: Any) -> None:
        from idh_tasks.pipelines.train import promotion

        promoted = promotion.promote(platform(ROLE), training_run, judgement, **approval_of(approved))
        skip_unless(promoted, "the models of this run are champions already")

    run = freeze_cohort()
    judgement, approved = judge(run), approval("approve")
    trained = train_sequence.partial(training_run=run).expand(sequence=list(map(str, MODEL_SEQUENCES)))
    trained >> evaluate(run) >> judgement >> approved
    promote(run, judgement, approved)


retrain_models()
