"""
### Preprocess studies

After linking: every study that has no patches yet, or whose images, links or outline have changed, is brought to the
space of its MPRAGE, normalised, and cut to one 64×64 patch per sequence. ADC and rCBV are computed if no map was
delivered. New code or settings make nothing due by themselves: what is made again is decided on the page *Plan*, and
comes after all that is new.

A delivered outline of the tumour is read on its own grid; if it is unclear which structure is the tumour, the study
waits for a clear one (`E_ROI`). If none was delivered, one is proposed, shown in `review_cases`, and used once a person
has accepted it.

A series that is mirrored, of another patient, of wrong spacing, or that misses the tumour is refused with its figure
(`E_REG_QC`, `E_COVERAGE`); the others are used. An unforeseen error costs its sequence or study, once (`E_PREPROC`).

Changed links are announced like new patches, because they change labels.

**Writes**: `idh.patch`, one row per sequence: the patch, or the code that says why there is none.

**When it is red**: a task failed in all its attempts. What the others prepared is announced. A task that was killed
repeats the study it was at; one that has used its time leaves the rest to the next run. Clear the failed task.
"""

from typing import Any

from airflow.sdk import dag
from idh_airflow.assets import CASES, PATCHES, WORK
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.review import request_reviews
from idh_airflow.sentences import prepared
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

ROLE = Role.PREPROCESS


@dag(schedule=(CASES | WORK), doc_md=__doc__, dag_display_name="Preprocess studies", **DAG_DEFAULTS)
def preprocess_studies() -> None:
    """Select what is due → preprocess in tasks that share it → announce, and request reviews of proposed outlines."""

    @step("Tasks that share the studies: {}.")
    def due() -> list[object]:
        from idh_tasks.pipelines.preprocess import batch

        return list(batch.due(platform(ROLE)))

    @step("Prepared: {}.", map_index_template="{{ task.op_kwargs['share']['label'] }}")
    def preprocess_batch(share: dict[str, str], ti: Any = None) -> dict[str, int]:  # noqa: ARG001 - it names the task
        from idh_tasks.pipelines.preprocess.batch import preprocess_batch as preprocess

        return preprocess(platform(ROLE), f"{ti.run_id} {ti.map_index}")

    @step(prepared, trigger_rule="all_done", outlets=[PATCHES])
    def announce(done: list[Any], dag_run: Any = None) -> dict[str, int]:
        from idh_tasks.pipelines.preprocess import batch

        studies = sum(outcomes.get(batch.STUDIES, 0) for outcomes in done or ())
        if studies:
            batch.count_cohort(platform(ROLE))
        new_unless_empty(studies or dag_run.run_type == "asset_triggered", "no study was due, and no link has changed")
        return {"studies": studies}

    @step("Time was used up before the work: the next run goes on.", trigger_rule="none_failed", outlets=[WORK])
    def go_on() -> object:
        from idh_tasks.pipelines.preprocess import batch

        return new_unless_empty(batch.studies_left(platform(ROLE)), "no study that is due is left")

    done = preprocess_batch.expand(share=due())
    done >> request_reviews(ROLE)  # which turns the run red if a task failed: what the others did is announced
    [done, announce(done)] >> go_on()  # not after a failure, which would only be repeated


preprocess_studies()
