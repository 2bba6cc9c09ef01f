"""
### Preprocess studies

After linking: every study without patches of the current code and settings is registered to its MPRAGE,
normalised, and cut to one 64×64 patch a sequence. ADC and rCBV are computed where no map was delivered.

Where no outline of the tumour was delivered, one is proposed from T2 and FLAIR; it waits in `review_cases` with its
picture, and is used once a person has accepted it.

Links that have changed are announced like new patches: their labels are others now.

**Writes**: `idh.patch`, one row a sequence: the patch, or the code that says why there is none.

**When it is red**: a batch failed in a way that retries did not cure; the studies of the other batches
are done. Clear the failed batch.
"""

from typing import Any

from airflow.sdk import dag
from idh_airflow.assets import CASES, PATCHES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.review import put_questions
from idh_airflow.steps import skip_unless, step


@dag(schedule=[CASES], doc_md=__doc__, **DAG_DEFAULTS)
def preprocess_studies() -> None:
    """Find what is due → preprocess in batches → announce, and ask people about proposed outlines."""

    @step()
    def due() -> list[object]:
        from idh_tasks.pipelines.preprocess import batch

        return list(batch.due(platform()))

    @step(map_index_template="{{ task.op_kwargs['batch']['label'] }}")
    def preprocess_batch(batch: dict[str, list[str]]) -> dict[str, int]:
        from idh_tasks.pipelines.preprocess.batch import preprocess_batch as preprocess

        return preprocess(platform(), batch["ids"])

    @step(trigger_rule="none_failed", outlets=[PATCHES])
    def announce(batches: list[object], dag_run: Any = None) -> None:
        relinked = dag_run.run_type == "asset_triggered"
        skip_unless(batches or relinked, "no study was due, and no link has changed")

    found = due()
    preprocess_batch.expand(batch=found) >> [announce(found), put_questions()]


preprocess_studies()
