"""Years of nights: one small night goes through all tasks, and what it leaves is copied as often as it takes.

So history has whatever the platform keeps of a finished study, in every table that names it.
"""

from collections import defaultdict

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from tests.history import AUDIT_EVENTS, EVENTS_PER_STUDY
from tests.night.server import Server
from tests.night.steps import ONE_MUTANT_IN, arriving

SEEDS = [f"seed{number}" for number in range(ONE_MUTANT_IN)]
KEYS = frozenset((
    "patient_key", "person_key", "study_id", "series_id", "instance_id", "report_key", "report_id", "patient_id",
    "patch_id", "document_id", "sop_instance_uid", "study_instance_uid", "item_id", "locator", "identifier",
))  # fmt: skip
"""Columns in which each copy has a value of its own."""
OTHERS = ("idh.training_run",)
"""Tables in which a column of such a name is something else."""
COPIED = {"date": "{0} - n % 4000", "timestamp with time zone": "{0} - (n + 24) * interval '1 hour'"}
"""How the copies of a column of this type are spread over the years before today."""
COLUMNS = """
SELECT c.oid::regclass::text, a.attname, a.atttypid::regtype::text
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace IN ('idh'::regnamespace, 'phi'::regnamespace)
    AND a.attgenerated = '' AND a.attidentity = ''
ORDER BY c.oid, a.attnum
"""
CHAMPIONS = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('latest', '{}'), ('earlier', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version, state)
VALUES ('latest', 'latest', '{}', '', 'promoted');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at)
SELECT 'model ' || s, 'latest', s, 'models/x', '', 'champion', now() FROM unnest(CAST(:sequences AS text[])) AS s
"""
MEMBERS = """
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT 'latest', p.sequence, l.patient_key, p.patch_id, l.idh_status = 'mutant', l.report_key, l.report_version
FROM idh.case_link AS l
JOIN idh.patch AS p ON p.study_id = l.study_id AND p.code IS NULL
WHERE l.chosen
"""
EARLIER = """
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT 'earlier', m.sequence, m.patient_key, m.patch_id, m.mutant, m.report_key, m.report_version
FROM (SELECT DISTINCT d.patient_key FROM idh.dataset_member AS d ORDER BY d.patient_key LIMIT :n / 10) AS e
JOIN idh.dataset_member AS m USING (patient_key)
"""
CHAIN = """
INSERT INTO idh.audit_chain (event_id, hash)
SELECT e.event_id, sha256(CAST(e.subject AS bytea))
FROM idh.audit_event AS e
WHERE NOT EXISTS (SELECT FROM idh.audit_chain AS c WHERE c.event_id = e.event_id)
ORDER BY e.event_id
"""
# Rows are not entered into an index that is not ready; it is built as a whole afterwards, which takes a tenth as long.
UNREADY = """
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY(CAST(:tables AS regclass[]))
"""


def fill(server: Server, studies: int) -> None:
    """Put studies on record that are finished: six series, patches and predictions each, a report, and a document.

    All of them are members of the dataset of the latest training, and a tenth of an earlier one. There are as many
    audit events as studies.
    """
    server.execute(CHAMPIONS, sequences=list(MODEL_SEQUENCES))
    for step in arriving(server, SEEDS):
        step.run()
    server.execute(MEMBERS)
    tables = _tables(server)
    with server.begin() as run:
        # A replica runs no triggers and checks no foreign keys.
        run("SET LOCAL session_replication_role = replica")
        run("SET LOCAL maintenance_work_mem = '512MB'")
        run(UNREADY, tables=list(tables))
        for table, columns in tables.items():
            run(_copying(table, columns), copies=studies // len(SEEDS) - 1)
        run(EARLIER, n=studies)
        for table in tables:
            run(f"REINDEX TABLE {table}")
        run(AUDIT_EVENTS, n=studies // EVENTS_PER_STUDY)
        run(CHAIN)
    server.execute("VACUUM (ANALYZE)")
    server.execute("SELECT")  # The first session after it reads the catalogue for those that follow.


def _tables(server: Server) -> dict[str, dict[str, str]]:
    """Return the columns, with their types, of each table that names something of a study."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in server.execute(COLUMNS):
        columns[table][column] = kind
    return {table: named for table, named in columns.items() if named.keys() & KEYS and table not in OTHERS}


def _copying(table: str, columns: dict[str, str]) -> str:
    copies = ", ".join(_copy_of(column, kind) for column, kind in columns.items())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copies} FROM {table}, generate_series(1, :copies) AS n"


def _copy_of(column: str, kind: str) -> str:
    if column in KEYS and kind == "text":
        return f"left(md5({column} || '-' || n), 24)"
    return COPIED.get(kind, "{0}").format(column)
