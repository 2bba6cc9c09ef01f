"""
### Preprocess studies

After linking: every study without patches of the current code and settings is brought to the space of its MPRAGE,
normalised, and cut to one 64×64 patch per sequence. ADC and rCBV are computed if no map was delivered.

A delivered outline of the tumour is read on its own grid; if it is unclear which structure is the tumour, the study
waits for a clear one (`E_ROI`). If none was delivered, one is proposed, shown in `review_cases`, and used once a person
has accepted it.

A series that is mirrored, of another patient, of wrong spacing, or that misses the tumour is refused with its figure
(`E_REG_QC`, `E_COVERAGE`); the others are used. An unforeseen error costs its sequence or study, once (`E_PREPROC`).

Changed links are announced like new patches, because they change labels.

**Writes**: `idh.patch`, one row per sequence: the patch, or the code that says why there is none.

**When it is red**: a batch failed in all its attempts; the studies of the other batches are finished. Clear the failed
batch.
"""

from typing import Any

from airflow.sdk import dag
from idh_airflow.assets import CASES, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.review import request_reviews
from idh_airflow.sentences import prepared
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

ROLE = Role.PREPROCESS


@dag(schedule=[CASES], doc_md=__doc__, dag_display_name="Preprocess studies", **DAG_DEFAULTS)
def preprocess_studies() -> None:
    """Select what is due → preprocess in batches → announce, and request reviews of proposed outlines."""

    @step("Batches of studies: {}.")
    def due() -> list[object]:
        from idh_tasks.pipelines.preprocess import batch

        return list(batch.due(platform(ROLE)))

    @step("Sequences by outcome: {}.", map_index_template="{{ task.op_kwargs['batch']['label'] }}")
    def preprocess_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.preprocess.batch import preprocess_batch as preprocess

        return preprocess(platform(ROLE), batch["ids"])

    @step(prepared, trigger_rule="none_failed", outlets=[PATCHES])
    def announce(batches: list[Any], dag_run: Any = None) -> dict[str, int]:
        from idh_tasks.pipelines.preprocess import batch

        if batches:
            batch.count_cohort(platform(ROLE))
        new_unless_empty(batches or dag_run.run_type == "asset_triggered", "no study was due, and no link has changed")
        return {"studies": sum(len(batch["ids"]) for batch in batches)}

    batches = due()
    preprocess_batch.expand(batch=batches) >> [announce(batches), request_reviews(ROLE)]


preprocess_studies()
