"""The services that every pipeline uses: settings, database, object store and pseudonyms."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

from idh_tasks.db import audit, installation_key
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_mapping import read_mapping
from idh_tasks.db.pacs_traffic import PacsTraffic
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.transport.traffic import SharedPacs, shared
from idh_tasks.settings import Settings
from idh_tasks.store import keys
from idh_tasks.store.objects import ObjectStore
from idh_tasks.store.vault import Vault

PACKAGE = Path(__file__).resolve().parents[1]


@cache
def code_version(*packages: str) -> str:
    """Return a hash of the sources of the named packages: changed code gives new object keys."""
    sources = sorted(path for name in packages for path in (PACKAGE / name).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


@dataclass(frozen=True)
class Platform:
    """The services of a pipeline, each connected on first use."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """Return the platform's database."""
        return Database(self.settings.database_url.get_secret_value(), self.settings.task)

    @cached_property
    def laboratory(self) -> Laboratory | None:
        """Return the laboratory's view, if a connection is configured."""
        if self.settings.pathology_url is None:
            return None
        mapping = read_mapping(self.settings.pathology_mapping)
        url, private = self.settings.pathology_url.get_secret_value(), self.settings.pathology_private_network
        return Laboratory(url, mapping, private_network=private)

    @cached_property
    def pacs(self) -> SharedPacs | None:
        """Return the PACS, if one is configured, with the limits that hold over all workers."""
        pacs = self.settings.pacs
        return None if pacs is None else shared(pacs, PacsTraffic(self.database))

    @cached_property
    def store(self) -> ObjectStore:
        """Return the platform's own bucket."""
        return ObjectStore(self.settings.store)

    @cached_property
    def drop(self) -> ObjectStore:
        """Return the bucket to which the hospital delivers."""
        return ObjectStore(self.settings.store, self.settings.store.drop_bucket)

    @cached_property
    def pathology_drop(self) -> ObjectStore:
        """Return the bucket to which the laboratory and the registry deliver."""
        return ObjectStore(self.settings.store, self.settings.store.results_bucket)

    @cached_property
    def pseudonymiser(self) -> Pseudonymiser:
        """Return the pseudonymiser of this installation.

        Raises
        ------
        RunRefusedError
            ``E_KEY`` if the key is missing or too short, or is not the key of this installation.
        """
        pseudonymiser = Pseudonymiser(self.settings.pseudonym_key.get_secret_value(), self.settings.identifiers)
        with self.database.begin() as transaction:
            installation_key.check(transaction, pseudonymiser.fingerprint(), pseudonymiser.patient)
        return pseudonymiser

    @cached_property
    def sandbox(self) -> Sandbox:
        """Return the child process that checks files, one for all studies: starting it takes most of a second."""
        return Sandbox()

    @cached_property
    def vault(self) -> Vault:
        """Return the encryption for files that identify a patient.

        Raises
        ------
        RunRefusedError
            ``E_KEY``, as for the pseudonymiser: nobody could open what another key has sealed.
        """
        _ = self.pseudonymiser
        return Vault(self.settings.pseudonym_key.get_secret_value())


def record_audit_head(platform: Platform) -> None:
    """Record the head of the audit chain in the object store, where nobody who rewrites the database can reach it.

    Call it after the commit, which chains the events.
    """
    with platform.database.begin() as transaction:
        head = audit.head(transaction)
    if head is not None:
        platform.store.put(keys.audit_head(head), json.dumps(asdict(head), default=str).encode())


def preprocessing_version(platform: Platform) -> str:
    """Return the hash of imaging code and settings; patches of any other version are outdated."""
    return f"{code_version('imaging', 'dicom')}-{platform.settings.imaging.fingerprint()}"
