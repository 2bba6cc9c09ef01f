"""SQL that gives each role its login, and each database its owner; safe to run again, and as an upgrade."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from enum import StrEnum

from idh_tasks.domain.role import Role

SUPERUSER = "postgres"
"""Name of the administrator in an installation's own PostgreSQL."""
ITERATIONS = 4096
"""PostgreSQL's default; the passwords are random, so that more would add nothing."""


class Login(StrEnum):
    """A login that is no role of the platform."""

    ADMINISTRATOR = "administrator"
    """Creates databases and logins at start-up; a superuser."""
    AIRFLOW = "airflow"
    """Owns Airflow's own database and cannot connect to any other."""
    LABORATORY = "laboratory"
    """Reads the stand-in for the laboratory's database."""


IDH, AIRFLOW, LABORATORY = "idh", "airflow", "laboratory"
OWNERS = {IDH: Role.OWNER.login, AIRFLOW: Login.AIRFLOW.value, LABORATORY: None}
"""Databases with their owner; without one, the administrator's."""
LOGINS: tuple[Role | Login, ...] = (*Role, *Login)


def name_of(login: Role | Login) -> str:
    """Return the name of a login in PostgreSQL."""
    if isinstance(login, Role):
        return login.login
    return SUPERUSER if login is Login.ADMINISTRATOR else login.value


def verifier(password: str) -> str:
    """Return what PostgreSQL stores of a password: it checks a login, and cannot be used for one (RFC 5803).

    Parameters
    ----------
    password
        In ASCII: SASLprep is not applied.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded_salt, encoded_stored, encoded_server = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{encoded_salt}${encoded_stored}:{encoded_server}"


def roles_sql(passwords: Mapping[str, str]) -> str:
    """Return the SQL that creates logins, sets their passwords and closes the databases of the server's own.

    Parameters
    ----------
    passwords
        By name of the login.
    """
    return (
        "".join(
            f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"
            f"ALTER ROLE {name} LOGIN PASSWORD '{verifier(password)}';\n"
            for name, password in passwords.items()
        )
        + "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;\n"
    )


def database_sql(database: str) -> str:
    """Return the SQL that decides who may connect to a database and who owns it; to be run in that database."""
    private = f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC;\n"
    owner = OWNERS[database]
    if owner is None:
        return private + _READABLE.format(database=database, reader=Login.LABORATORY.value)
    return private + f"ALTER DATABASE {database} OWNER TO {owner};\n" + _HANDED_OVER.format(owner=owner)


def script(passwords: Mapping[str, str]) -> str:
    """Return all of it as a script for psql, run as administrator; it also creates the databases.

    Parameters
    ----------
    passwords
        By name of the login.
    """
    created = (_CREATED.format(database=name) for name in OWNERS)
    owned = (f"\\connect {name}\n{database_sql(name)}" for name in OWNERS)
    return "".join(["\\set ON_ERROR_STOP on\n", roles_sql(passwords), *created, *owned])


_CREATED = """SELECT 'CREATE DATABASE {database}'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
"""
_READABLE = """GRANT CONNECT ON DATABASE {database} TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {reader};
"""

# In installations of older versions, the administrator owns everything. A sequence follows the table that owns it.
_HANDED_OVER = """DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'idh', 'phi'))
        SELECT format('SCHEMA %I', nspname) FROM pg_namespace
        WHERE nspname IN ('idh', 'phi') AND nspowner <> '{owner}'::regrole
        UNION ALL
        SELECT format('TABLE %s', c.oid::regclass) FROM pg_class AS c
        WHERE c.relnamespace IN (TABLE ours) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner <> '{owner}'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
        UNION ALL
        SELECT format('ROUTINE %s', oid::regprocedure) FROM pg_proc
        WHERE pronamespace IN (TABLE ours) AND proowner <> '{owner}'::regrole
        UNION ALL
        SELECT format('TYPE %s', oid::regtype) FROM pg_type
        WHERE typnamespace IN (TABLE ours) AND typtype IN ('d', 'e') AND typowner <> '{owner}'::regrole
    LOOP
        EXECUTE format('ALTER %s OWNER TO {owner}', command);
    END LOOP;
END
$$;
"""
