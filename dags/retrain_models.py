"""
### Retrain models

Every week, by hand, and after new patches: freeze the labelled cohort, cross-validate one network a
sequence on the `gpu` queue, write the report, and promote what is not worse than its champion.

After new patches it trains only while there is no champion or when enough new cases have come
(`IDH_LEARNING__RETRAIN_AFTER_NEW_CASES`); the weekly and the manual run train on any change.

**Writes**: `idh.dataset`, `idh.training_run`, `idh.fold_result`, `idh.held_out_score`, `idh.model`.

**When it is red**: finished sequences are kept; clear the failed sequence and only it is trained again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag
from idh_airflow.assets import CHAMPIONS, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, RETRAIN_CRON
from idh_airflow.steps import skip_unless, step

SEQUENCES = ["T1", "T2", "FLAIR", "MPRAGE", "RCBV", "ADC"]


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(RETRAIN_CRON, timezone="UTC"), assets=[PATCHES]),
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def retrain_models() -> None:
    """Freeze cohort → train each sequence → evaluate → promote."""

    @step()
    def freeze_cohort(dag_run: Any = None) -> str:
        from idh_tasks.pipelines import train

        due = train.freeze_cohort(platform(), force=dag_run.run_type != "asset_triggered")
        skip_unless(due.run_id, due.reason)
        return str(due.run_id)

    @step(
        queue="gpu",
        pool="gpu",
        map_index_template="{{ task.op_kwargs['sequence'] }}",
        execution_timeout=timedelta(hours=6),
    )
    def train_sequence(training_run: str, sequence: str) -> str:
        from idh_tasks.domain.sequence import MrSequence
        from idh_tasks.pipelines import train

        return train.train_sequence(platform(), training_run, MrSequence(sequence))

    @step()
    def evaluate(training_run: str) -> str:
        from idh_tasks.pipelines.evaluate import evaluate as write_report

        return write_report(platform(), training_run)

    @step(outlets=[CHAMPIONS])
    def promote(training_run: str) -> None:
        from idh_tasks.pipelines import train

        skip_unless(train.promote(platform(), training_run), "no challenger was good enough")

    run = freeze_cohort()
    train_sequence.partial(training_run=run).expand(sequence=SEQUENCES) >> evaluate(run) >> promote(run)


retrain_models()
