"""Each role may run the statements that its process needs; every other statement is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from idh_tasks.pipelines.platform import Platform

PHI = ("inbox", "patient_identity", "study_identity", "report_source", "current_report")
READS_PHI = {
    "ingest": {"inbox", "patient_identity", "study_identity"},
    "link": {"inbox", "patient_identity", "report_source", "current_report"},
    "deliver": {"patient_identity", "study_identity"},
    "erase": {"inbox", "patient_identity", "study_identity", "report_source"},
    "backup": set(PHI),
}
AUDITS = {"ingest", "link", "preprocess", "train", "predict", "deliver", "erase", "pages"}
ERASED = (
    "prediction document held_out_score locked_score dataset_pack dataset_member case_link review qc_sheet patch "
    "series instance quarantine study assay report_standing report person merge_event patient"
)
WRITES = {
    "ingest": {
        "INSERT": "patient series ingest_night study instance watermark quarantine pseudonym_key",
        "UPDATE": "study instance watermark quarantine",
        "DELETE": "",
    },
    "link": {
        "INSERT": "patient report report_channel report_standing assay merge_event feed_file feed_night watermark "
        "review person case_link quarantine pseudonym_key",
        "UPDATE": "watermark review quarantine",
        "DELETE": "person case_link quarantine report_standing",
    },
    "preprocess": {"INSERT": "review patch qc_sheet", "UPDATE": "patch qc_sheet", "DELETE": ""},
    "train": {
        "INSERT": "dataset dataset_member sequence_result fold_result held_out_score locked_score dataset_pack "
        "training_run model comparison_result training_progress training_lease",
        "UPDATE": "dataset_pack training_run model comparison_result training_progress training_lease",
        "DELETE": "training_lease",
    },
    "predict": {"INSERT": "prediction document", "UPDATE": "", "DELETE": ""},
    "deliver": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "erase": {"INSERT": "erasure pseudonym_key", "UPDATE": "document training_run", "DELETE": ERASED},
    "backup": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "pages": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "monitor": {"INSERT": "", "UPDATE": "", "DELETE": ""},
}
WRITES_PHI = {
    "ingest": {"INSERT": {"inbox", "patient_identity", "study_identity"}, "UPDATE": {"inbox"}},
    "link": {"INSERT": {"patient_identity", "report_source"}},
    "erase": {"DELETE": {"inbox", "patient_identity", "study_identity", "report_source"}},
}


@contextmanager
def connected(platform: Platform) -> Iterator[Connection]:
    engine = create_engine(platform.settings.database_url.get_secret_value(), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def names(connection: Connection, kind: str) -> list[str]:
    listing = f"SELECT schemaname || '.' || {kind}name FROM pg_{kind}s WHERE schemaname IN ('idh', 'phi')"
    return sorted(connection.execute(text(listing)).scalars())


def statements(connection: Connection, table: str) -> dict[str, str]:
    """Return one statement of each kind that changes no row; PostgreSQL checks the rights nevertheless."""
    column = connection.execute(
        text(
            "SELECT column_name FROM information_schema.columns WHERE table_schema || '.' || table_name = :table "
            "AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position LIMIT 1"
        ),
        {"table": table},
    ).scalar_one()
    return reading(table) | {
        "INSERT": f"INSERT INTO {table} ({column}) SELECT {column} FROM {table} WHERE false",
        "UPDATE": f"UPDATE {table} SET {column} = {column} WHERE false",
        "DELETE": f"DELETE FROM {table} WHERE false",
    }


def reading(relation: str) -> dict[str, str]:
    return {"SELECT": f"SELECT 1 FROM {relation} LIMIT 0"}


def may(role: str, kind: str, table: str) -> bool:
    schema, _, name = table.partition(".")
    if schema == "phi":
        return name in (READS_PHI.get(role, set()) if kind == "SELECT" else WRITES_PHI.get(role, {}).get(kind, set()))
    if kind == "SELECT":
        return True
    return name in WRITES[role][kind].split() or (kind == "INSERT" and name == "audit_event" and role in AUDITS)


def allowed(connection: Connection, role: str, statement: str) -> bool:
    with connection.begin() as transaction:
        connection.execute(text(f"SET LOCAL ROLE idh_{role}"))
        refusal = ""
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            refusal = str(error)
        transaction.rollback()
    assert not refusal or "permission denied" in refusal
    return not refusal


@pytest.mark.parametrize("role", sorted(WRITES))
def test_a_role_has_the_rights_it_needs_and_no_others(platform: Platform, role: str) -> None:
    with connected(platform) as connection:
        every = {table: statements(connection, table) for table in names(connection, "table")}
        every |= {view: reading(view) for view in names(connection, "view")}
        connection.rollback()
        done = {
            (kind, table): allowed(connection, role, statement)
            for table, kinds in every.items()
            for kind, statement in kinds.items()
        }
    assert done == {(kind, table): may(role, kind, table) for kind, table in done}


@pytest.mark.parametrize("role", sorted(WRITES))
@pytest.mark.parametrize(
    "statement", ["TRUNCATE idh.audit_event", "DROP TABLE idh.patch", "CREATE TABLE idh.x (y int)"]
)
def test_no_role_may_change_the_schema_or_truncate_a_table(platform: Platform, role: str, statement: str) -> None:
    with connected(platform) as connection, connection.begin() as transaction:
        connection.execute(text(f"SET LOCAL ROLE idh_{role}"))
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            connection.execute(text(statement))
        transaction.rollback()


def test_pages_read_a_report_only_through_an_audited_function(platform: Platform) -> None:
    with connected(platform) as connection:
        with connection.begin():
            connection.execute(text("SET LOCAL ROLE idh_pages"))
            words = connection.execute(text("SELECT phi.read_report('nothing', 'dr grey')")).scalar_one()
        events = connection.execute(text("SELECT actor, action, subject FROM idh.audit_event")).all()
    assert words is None
    assert [tuple(event) for event in events] == [("dr grey", "report read", "nothing")]


@pytest.mark.parametrize("role", sorted(set(WRITES) - {"pages"}))
def test_no_other_role_may_call_it(platform: Platform, role: str) -> None:
    with connected(platform) as connection:
        assert not allowed(connection, role, "SELECT phi.read_report('nothing', 'somebody')")
