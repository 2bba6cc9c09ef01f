"""
### Link pathology

Every night and after new studies: load new report versions from the laboratory, resolve the IDH status
(immunohistochemistry, then sequencing of both genes), and link each patient's pre-operative study.

**Sources**: Connection `idh_pathology`, view `idh_results`. **Writes**: `idh.report`, `idh.assay`,
`idh.case_link` (every candidate with its reason).

**When it is red**: `load_reports` failed; links were still brought up to date with the reports known
so far. Restore the laboratory's connection and clear the task.
"""

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag
from idh_airflow.assets import CASES, STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, LINK_CRON
from idh_airflow.steps import skip_unless, step


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(LINK_CRON, timezone="UTC"), assets=[STUDIES]),
    doc_md=__doc__,
    **DAG_DEFAULTS,
)
def link_pathology() -> None:
    """Load reports → link cases; a failed load turns the run red at `loaded`."""

    @step()
    def load_reports() -> int:
        from idh_tasks.pipelines import link

        return link.load_reports(platform())

    @step(trigger_rule="all_done", outlets=[CASES])
    def link_cases() -> None:
        from idh_tasks.pipelines import link

        skip_unless(link.link_cases(platform()), "no link changed and every study is preprocessed")

    @step()
    def loaded(reports: int) -> int:
        return reports

    reports = load_reports()
    reports >> link_cases()
    loaded(reports)


link_pathology()
