"""Statements that a login to PostgreSQL must not be able to run, and the logins that may run some of them."""

from dataclasses import dataclass, field

IDH, AIRFLOW, LABORATORY = "idh", "airflow", "laboratory"
EVERY = frozenset({IDH, AIRFLOW, LABORATORY})
OWN_WORK = frozenset({IDH, LABORATORY})
"""Databases whose logins own nothing; Airflow owns its own."""


@dataclass(frozen=True)
class Forbidden:
    """A statement, the databases in which it is tried, and the logins that need it for their work."""

    sql: str
    databases: frozenset[str] = EVERY
    needed_by: frozenset[str] = field(default=frozenset())


def _needed(sql: str, *logins: str) -> Forbidden:
    return Forbidden(sql, frozenset({IDH}), frozenset(f"idh_{login}" for login in logins))


def _in_idh(sql: str) -> Forbidden:
    return Forbidden(sql, frozenset({IDH}))


def _owning_nothing(sql: str) -> Forbidden:
    return Forbidden(sql, OWN_WORK)


STATEMENTS = (
    # identifiers
    _needed("SELECT * FROM phi.patient_identity", "ingest", "link"),
    _needed("SELECT * FROM phi.study_identity", "ingest"),
    _needed("SELECT * FROM phi.inbox", "ingest", "link"),
    _needed("SELECT * FROM phi.report_source", "link"),
    _needed("SELECT * FROM phi.current_report", "link"),
    _needed("SELECT phi.read_question('nothing', 'nobody')", "pages"),
    _needed("INSERT INTO phi.patient_identity SELECT * FROM phi.patient_identity WHERE false", "ingest", "link"),
    _in_idh("DELETE FROM phi.patient_identity"),
    _in_idh("TRUNCATE phi.patient_identity CASCADE"),
    _in_idh("CREATE VIEW idh.leak AS SELECT * FROM phi.patient_identity"),
    # labels and decisions
    _needed("DELETE FROM idh.case_link", "link"),
    _needed("UPDATE idh.review SET answer = 'mutant'", "link"),
    _needed("UPDATE idh.model SET state = 'champion' WHERE false", "train"),
    _in_idh("UPDATE idh.report SET idh_status = 'mutant' WHERE false"),
    # the audit log
    _in_idh("UPDATE idh.audit_event SET actor = 'eve'"),
    _in_idh("DELETE FROM idh.audit_event"),
    _in_idh("TRUNCATE idh.audit_event CASCADE"),
    _in_idh("UPDATE idh.audit_chain SET hash = ''"),
    _in_idh("DELETE FROM idh.audit_chain"),
    _in_idh("INSERT INTO idh.audit_chain (event_id, hash) SELECT 0, '' WHERE false"),
    _in_idh("ALTER TABLE idh.audit_event DISABLE TRIGGER USER"),
    _in_idh("DROP TRIGGER refuse_audit_change ON idh.audit_event"),
    _in_idh("ALTER FUNCTION idh.chain_audit_event() OWNER TO CURRENT_USER"),
    Forbidden("SET session_replication_role = replica"),
    # the schema
    _in_idh("DROP TABLE idh.patch CASCADE"),
    _in_idh("DROP SCHEMA phi CASCADE"),
    _in_idh("CREATE TABLE idh.evil (x int)"),
    _in_idh("CREATE FUNCTION idh.audit_hash(bytea, int) RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'"),
    _in_idh("UPDATE public.schema_version SET version_num = '0001'"),
    _owning_nothing("CREATE TABLE public.evil (x int)"),
    _owning_nothing("CREATE SCHEMA evil"),
    _owning_nothing(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = evil', current_database()); END $$"
    ),
    Forbidden("UPDATE idh_results SET patient_id = 'evil' WHERE false", frozenset({LABORATORY})),
    Forbidden("DELETE FROM idh_results", frozenset({LABORATORY})),
    # other identities
    Forbidden("CREATE ROLE evil LOGIN PASSWORD 'evil'"),
    Forbidden("ALTER ROLE CURRENT_USER SUPERUSER"),
    Forbidden("ALTER ROLE idh_owner PASSWORD 'evil'"),
    Forbidden("GRANT idh_owner TO CURRENT_USER"),
    Forbidden("GRANT pg_read_server_files TO CURRENT_USER"),
    Forbidden("SET ROLE idh_owner"),
    Forbidden("SET ROLE idh_backup"),
    Forbidden("SET SESSION AUTHORIZATION postgres"),
    Forbidden("SELECT rolpassword FROM pg_authid"),
    # files and programs of the server
    Forbidden("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'"),
    Forbidden("COPY (SELECT 1) TO '/dev/null'"),
    Forbidden("CREATE TEMP TABLE loot (line text); COPY loot FROM '/etc/hostname'"),
    Forbidden("SELECT pg_read_file('PG_VERSION')"),
    Forbidden("SELECT pg_read_binary_file('PG_VERSION')"),
    Forbidden("SELECT pg_ls_dir('.')"),
    Forbidden("SELECT * FROM pg_hba_file_rules"),
    Forbidden("SELECT lo_import('/etc/hostname')"),
    Forbidden("CREATE FUNCTION pg_temp.evil(int) RETURNS int LANGUAGE internal AS 'int4abs'"),
    Forbidden("SELECT pg_reload_conf()"),
)
