"""
### Check sources

On demand, from the page *Sources and settings* or here: test every connection with the role that needs it, and record
the settings in force on the worker. Nothing is changed and nothing is left behind. `idh check` does the same at a
terminal.

**Tests**: the PACS by C-ECHO and C-FIND, DICOMweb by a search for one row, the laboratory's view by its columns and one
row, the FHIR server by its capabilities and a count, each bucket by listing and, where it must be, by an upload that is
begun and aborted, the database by each role's login and the version of the schema, and the pseudonym key.

**Writes**: `idh.source_check`, `idh.worker_settings`.

**When it is red**: each red task is a source that does not work, with code and sentence; the page adds the remedy.
`record_settings` names variables that are unknown or not valid (`E_SETTINGS`). Mend the cause, and test again; nothing
has to be cleared.
"""

from airflow.sdk import Param, dag
from idh_airflow.connections import platform, recorder
from idh_airflow.defaults import DAG_DEFAULTS
from idh_airflow.source_checks import environment, tested
from idh_airflow.steps import tolerant_step as step

from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source

ROLE = Role.INGEST


@dag(
    schedule=None,
    doc_md=__doc__,
    dag_display_name="Test sources",
    params={
        "sources": Param(
            [],
            type="array",
            items={"type": "string", "enum": list(map(str, Source))},
            description="Connections without `idh_`; none stands for all.",
        ),
    },
    **DAG_DEFAULTS,
)
def check_sources() -> None:
    """Choose → test each source; beside it, record the settings of the worker."""

    @step("Connections to be tested: {}.")
    def choose(params: dict[str, list[str]]) -> list[str]:
        return params["sources"] or list(map(str, Source))

    @step("{}", map_index_template="{{ task.op_kwargs['source'] }}")
    def check(source: str) -> str:
        from idh_tasks.pipelines.operate.check import record

        found = tested(source)
        record(recorder(ROLE), found)
        return found.sentence

    @step("The settings in force are recorded.")
    def record_settings() -> None:
        from idh_tasks.pipelines.operate import check

        check.record_settings(recorder(ROLE), platform, environment())

    record_settings()
    check.expand(source=choose())


check_sources()
