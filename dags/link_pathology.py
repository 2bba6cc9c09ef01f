"""
### Link pathology

Every night, after new studies, answers and exclusions: poll the laboratory's FHIR server if there is one, load new
versions of reports, derive the IDH status (immunohistochemistry, then sequencing of both genes), apply merges of
patients, and link each person's pre-operative study.

**Sources**: Connection `idh_pathology` (any SQL database; the file in `IDH_PATHOLOGY_MAPPING` names the view and its
columns), and files below `pathology/` of `pathology_bucket`: `.csv`, `.tsv`, `.xlsx`, `.hl7`, `.oru` and `.txt` (HL7
ORU^R01, ADT^A40, ADT^A37), `.json` and `.ndjson` (FHIR). A file with another ending is named once (`W_UNREAD`); the run
stays green. Connection `idh_fhir` (optional): a FHIR server, whose pages become such files.

**Writes**: `idh.report` (every version), `idh.report_standing` (which version counts), `idh.assay`, `idh.merge_event`,
`idh.case_link` (every candidate with its reason), `idh.review` (questions for a person, asked by `review_cases`),
`idh.feed_night`, `idh.feed_file`, and the head of the audit log below `audit/` in the object store.

**When it is red**: `poll_laboratory` or `load_reports` failed; links were still updated with the reports known so far,
and new questions wait for `preprocess_studies` or the next run.
`E_SCHEMA` names the column that has changed. `E_FEED_DROP` means that most rows are missing, and nothing is trained
until they are back. `E_FEED` means that files are held: `idh intake quarantine list`. `E_FHIR` and `E_FHIR_AUTH` are
errors of the FHIR server; files are read all the same. Have the source corrected and clear the task.
"""

from airflow.sdk import dag
from idh_airflow.assets import ANSWERS, CASES, JUDGEMENTS, STUDIES
from idh_airflow.connections import platform
from idh_airflow.defaults import DAG_DEFAULTS, LINK_CRON
from idh_airflow.review import request_reviews
from idh_airflow.schedules import timed
from idh_airflow.steps import new_unless_empty, step

from idh_tasks.domain.role import Role

ROLE = Role.LINK


@dag(
    schedule=timed(LINK_CRON, STUDIES | ANSWERS | JUDGEMENTS),
    doc_md=__doc__,
    dag_display_name="Link pathology",
    **DAG_DEFAULTS,
)
def link_pathology() -> None:
    """Poll → load reports → link cases → request reviews, unless polling or loading has failed."""

    @step("Polled from the FHIR server: {}.")
    def poll_laboratory() -> dict[str, int]:
        from idh_tasks.pipelines.link import fhir_server

        polled = new_unless_empty(fhir_server.poll_laboratory(platform(ROLE)), "no Connection idh_fhir")
        return {"pages": polled.pages, "new files": polled.new}

    @step("New versions of reports: {}.", trigger_rule="all_done")
    def load_reports() -> int:
        from idh_tasks.pipelines.link import feed

        return feed.load_reports(platform(ROLE))

    @step("New: {}.", trigger_rule="all_done", outlets=[CASES])
    def link_cases() -> dict[str, int]:
        from idh_tasks.pipelines.link import cases

        nothing = "no link has changed, and every study is preprocessed"
        return new_unless_empty(cases.link_cases(platform(ROLE)), nothing)

    polled, reports, questions = poll_laboratory(), load_reports(), request_reviews(ROLE)
    polled >> reports >> link_cases() >> questions
    [polled, reports] >> questions  # which turn the run red: `link_cases` runs after a failure, too


link_pathology()
