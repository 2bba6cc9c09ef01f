"""One test per connection: it asks for as little as possible, changes nothing, and answers in one sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from pydantic import BaseModel

from idh_tasks.codes import Code
from idh_tasks.configuration.in_force import without_login
from idh_tasks.db import checks
from idh_tasks.db.engine import Database
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport import dicomweb, fhir_search
from idh_tasks.intake.transport.find import find_studies
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.probe import probe

E = TypeVar("E", bound=BaseModel)

PATIENCE_S = 5.0
"""Longest wait for one answer of a source."""


@dataclass(frozen=True)
class ConnectionTest:
    """How one connection is tested.

    Parameters
    ----------
    role
        The role whose work needs the connection.
    run
        Returns a sentence; raises the platform's errors.
    silent
        The code if there is no answer at all.
    """

    role: Role
    run: Callable[[Platform], str]
    address: Callable[[Platform], str]
    silent: Code
    is_configured: Callable[[Platform], bool] = lambda _: True


def _impatient(settings: E | None) -> E:
    if settings is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "this connection is not configured")
    waits = {"timeout_s", "association_wait_s"} & set(type(settings).model_fields)
    return settings.model_copy(update={wait: min(PATIENCE_S, getattr(settings, wait)) for wait in waits})


def _pacs(platform: Platform) -> str:
    """Ask for the studies of tomorrow, of which there are none: that C-FIND is allowed is what matters."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    find_studies(_impatient(platform.pacs), tomorrow, tomorrow)
    return "The PACS answers C-ECHO and C-FIND."


def _dicomweb(platform: Platform) -> str:
    dicomweb.probe(_impatient(platform.settings.dicomweb))
    return "The archive answers QIDO-RS."


def _fhir(platform: Platform) -> str:
    fhir_search.probe(_impatient(platform.settings.fhir))
    return "The server states its capabilities and counts its reports."


def _store(platform: Platform) -> str:
    store, polled = platform.settings.store, platform.settings.fhir is not None
    probe(store, store.bucket, "", write_below="")
    probe(store, store.drop_bucket, store.drop_prefix)
    probe(store, store.results_bucket, store.pathology_prefix, store.polled_prefix if polled else None)
    return "The platform's bucket can be read and written, and the buckets of deliveries can be read."


def _pathology(platform: Platform) -> str:
    if platform.laboratory is not None:
        platform.laboratory.check()
    return "The laboratory's view has every column that is needed, and can be read."


def _pseudonym_key(platform: Platform) -> str:
    _ = platform.pseudonymiser
    return "The key is that of this installation."


def _database(role: Role, platform: Platform) -> str:
    with platform.database.begin() as transaction:
        found = checks.login(transaction)
    if found.name != role.login:
        raise RunRefusedError(Code.E_SCHEMA, f"the login is {found.name}; it must be {role.login}")
    newest = Database.newest_version()
    if found.version != newest:
        raise RunRefusedError(
            Code.E_SCHEMA, f"the schema is at {found.version}, the code needs {newest}: `idh migrate`"
        )
    return f"Logged in as {found.name}; the schema is at {newest}."


def _pacs_address(platform: Platform) -> str:
    pacs = platform.pacs
    return f"{pacs.called_aet} at {pacs.host}:{pacs.port}" if pacs else ""


def _store_address(platform: Platform) -> str:
    store = platform.settings.store
    buckets = dict.fromkeys((store.bucket, store.drop_bucket, store.results_bucket))
    return f"{without_login(store.endpoint)}: {', '.join(buckets)}"


def _database_test(role: Role) -> ConnectionTest:
    return ConnectionTest(role, partial(_database, role), lambda p: p.database.address, Code.E_DATABASE)


TESTS: Mapping[Source, ConnectionTest] = {
    Source.PACS: ConnectionTest(
        Role.INGEST, _pacs, _pacs_address, Code.E_TIMEOUT, lambda platform: platform.settings.pacs is not None
    ),
    Source.DICOMWEB: ConnectionTest(
        Role.INGEST,
        _dicomweb,
        lambda platform: without_login(platform.settings.dicomweb.url) if platform.settings.dicomweb else "",
        Code.E_DICOMWEB,
        lambda platform: platform.settings.dicomweb is not None,
    ),
    Source.STORE: ConnectionTest(Role.INGEST, _store, _store_address, Code.E_STORE),
    Source.PATHOLOGY: ConnectionTest(
        Role.LINK,
        _pathology,
        lambda platform: platform.laboratory.address if platform.laboratory else "",
        Code.E_LABORATORY,
        lambda platform: platform.settings.pathology_url is not None,
    ),
    Source.FHIR: ConnectionTest(
        Role.LINK,
        _fhir,
        lambda platform: without_login(platform.settings.fhir.url) if platform.settings.fhir else "",
        Code.E_FHIR,
        lambda platform: platform.settings.fhir is not None,
    ),
    Source.PSEUDONYM_KEY: ConnectionTest(Role.INGEST, _pseudonym_key, lambda _: "", Code.E_DATABASE),
    **{
        Source(f"db_{role}"): _database_test(role)
        for role in (Role.INGEST, Role.LINK, Role.PREPROCESS, Role.TRAIN, Role.PREDICT)
    },
}
"""The test of every connection."""
