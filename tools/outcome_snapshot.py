"""Reads every row and every object of a running installation into a canonical form that can be compared.

The tool imports nothing from `idh_tasks`, so that it can also read installations created by other versions of the code.
"""

import hashlib
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from sqlalchemy import Connection, create_engine, inspect, text

from tools.outcome_contents import DATED, Content, content_of

Row = dict[str, Any]
Snapshot = dict[str, "Table"]
"""Tables by `schema.table`, and objects by `store.` and the first part of their keys."""
Object = tuple[str, str, Content]
"""Key, SHA-256 of the bytes, and content."""

SCHEMAS = ("idh", "phi")
BUCKET = "idh-store"
MANIFEST = ".manifest"
SEALED = "phi/quarantine/"
WITHOUT_IDENTIFIERS = frozenset(
    {
        *("patient_key", "study_id", "report_key", "version", "item_id", "source", "state", "code", "reason"),
        *("times_seen", "found_at", "finished_at"),
    }
)
"""Columns of schema `phi` that are written in plain text; all others are written as keyed hashes."""
ID = re.compile(r"2\.25\.\d+|[0-9a-f]{12}-[0-9a-f]{12}|[0-9a-f]{24,64}")
"""The formats of our UIDs, settings hashes, ids and SHA-256 hashes."""


@dataclass(frozen=True)
class Table:
    """The rows of a table, or the objects of one kind, with the columns of the primary key."""

    key: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Home:
    """The folder of an installation; its files say how to reach the services."""

    path: Path

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Return the keys and passwords of the installation."""
        content: dict[str, str] = json.loads((self.path / "secrets.json").read_text())
        return content

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL of the platform's database, which listens on a Unix socket."""
        # Older versions have no passwords.
        password = self.secrets.get("database_administrator_password", "")
        return f"postgresql+psycopg2://postgres:{password}@/idh?host={self.path.resolve() / 'postgres'}"

    @property
    def endpoint(self) -> str:
        """Return the address of the S3 server."""
        return f"http://127.0.0.1:{json.loads((self.path / 'ports.json').read_text())['s3']}"

    def keyed_hash(self, content: bytes) -> str:
        """Return a hash that reveals nothing about the content without the key of the installation."""
        return hmac.new(self.secrets["pseudonym_key"].encode(), content, hashlib.sha256).hexdigest()


def snapshot(path: Path) -> Snapshot:
    """Return the content of the installation in a folder in canonical form."""
    home = Home(path)
    return canonical(_tables(home), _objects(home))


def canonical(tables: Snapshot, objects: Iterable[Object]) -> Snapshot:
    """Return tables and objects with ids that do not depend on the version of code or settings.

    An id that is a digest of code or settings is replaced by a description of what it identifies, everywhere it
    occurs, so that references can still be compared. The same applies to the hash of an object that contains a time.
    """
    stored = list(objects)
    names = _names({name: table.rows for name, table in tables.items()})
    for key, sha256, content in stored:
        names |= _names_in(_renamed(key, names), sha256, content)
    renamed = {name: Table(table.key, _renamed(table.rows, names)) for name, table in tables.items()}
    kinds: dict[str, list[Row]] = defaultdict(list)
    for key, _, content in stored:
        row = {"object_key": _renamed(key, names), "content": _renamed(content, names)}
        kinds[f"store.{key.partition('/')[0]}"].append(row)
    return renamed | {kind: Table(("object_key",), rows) for kind, rows in sorted(kinds.items())}


def write(content: Snapshot, path: Path) -> None:
    """Write a snapshot as JSON; the same content gives the same bytes."""
    tables = {name: {"key": table.key, "rows": _sorted(table.rows)} for name, table in content.items()}
    path.write_text(json.dumps(tables, indent=1, sort_keys=True))


def read(path: Path) -> Snapshot:
    """Read a snapshot written by `write`."""
    tables = json.loads(path.read_text())
    return {name: Table(tuple(table["key"]), table["rows"]) for name, table in tables.items()}


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _tables(home: Home) -> Snapshot:
    engine = create_engine(home.database_url, hide_parameters=True)
    with engine.connect() as connection:
        catalogue = inspect(connection)
        return {
            f"{schema}.{name}": Table(
                tuple(catalogue.get_pk_constraint(name, schema)["constrained_columns"]),
                [disclosed(home, schema, row) for row in _rows(connection, schema, name)],
            )
            for schema in SCHEMAS
            for name in sorted(catalogue.get_table_names(schema))
        }


def _rows(connection: Connection, schema: str, name: str) -> list[Row]:
    statement = text(f'SELECT * FROM "{schema}"."{name}"')  # noqa: S608 - names come from the catalogue
    return [dict(row) for row in connection.execute(statement).mappings()]


def disclosed(home: Home, schema: str, row: Row) -> Row:
    """Return a row as JSON values; whatever may identify a patient is replaced by a keyed hash."""
    plain = row.keys() if schema != "phi" else WITHOUT_IDENTIFIERS
    return {column: _json(value) if column in plain else _hidden(home, value) for column, value in row.items()}


def _hidden(home: Home, value: object) -> str | None:
    return None if value is None else home.keyed_hash(json.dumps(_json(value), sort_keys=True).encode())


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, memoryview):
        return value.hex()
    return str(value) if isinstance(value, Decimal) else value


def _objects(home: Home) -> list[Object]:
    """Return every object of the platform's bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=home.endpoint,
        aws_access_key_id=home.secrets["s3_access_key"],
        aws_secret_access_key=home.secrets["s3_secret_key"],
        region_name="us-east-1",
    )
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    bodies = ((key, client.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys)
    return [(key, hashlib.sha256(body).hexdigest(), _content(home, key, body)) for key, body in bodies]


def _content(home: Home, key: str, body: bytes) -> Content:
    if key.startswith(SEALED):
        return {"sealed": home.keyed_hash(_opened(home, body))}
    return content_of(key, body)


def _opened(home: Home, body: bytes) -> bytes:
    """Return the plain bytes of a sealed object; encryption gives other bytes each time."""
    import base64

    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), 32, salt=None, info=b"idh vault").derive(home.secrets["pseudonym_key"].encode())
    return Fernet(base64.urlsafe_b64encode(derived)).decrypt(body)


def _names(rows: Mapping[str, list[Row]]) -> dict[str, str]:
    """Return a description for every id that is a digest of code or settings."""
    runs = _numbered("run", _in_time(rows["idh.training_run"]), "run_id")
    datasets = _numbered("dataset", _in_time(rows["idh.dataset"]), "dataset_id")
    versions = _numbered("imaging version", _in_time(rows["idh.patch"]), "settings_hash")
    patches = {
        row["patch_id"]: f"patch of {row['study_id']} revision {row['revision']} {row['sequence']}"
        f" by {versions[row['settings_hash']]}"
        for row in rows["idh.patch"]
    }
    models = {row["model_id"]: f"model of {runs[row['run_id']]} {row['sequence']}" for row in rows["idh.model"]}
    return runs | datasets | versions | patches | models | _documents(rows["idh.document"])


def _documents(rows: Iterable[Row]) -> dict[str, str]:
    """Return descriptions for the ids, UIDs and content hashes of documents, numbered per study."""
    names: dict[str, str] = {}
    written: dict[str, int] = defaultdict(int)
    for row in _in_time(rows):
        written[row["study_id"]] += 1
        name = f"document {written[row['study_id']]} of {row['study_id']}"
        names |= {row["document_id"]: name, row["sop_instance_uid"]: f"UID of {name}"}
        names.setdefault(row["content_hash"], f"content of {name}")
    return names


def _names_in(key: str, sha256: str, content: Content) -> dict[str, str]:
    """Return descriptions for the hash of an object and for the series UID of a document, which follows from its id."""
    names = {sha256: f"bytes of {key}"} if key.endswith(DATED) else {}
    if key.endswith(MANIFEST):  # it names the version of the code
        name = f"manifest {hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}"
        names |= {sha256: name, sha256[:24]: name}
    return names | ({content["SeriesInstanceUID"]: f"series of {key}"} if key.startswith("documents/") else {})


def _in_time(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["created_at"]))


def _numbered(kind: str, rows: Iterable[Row], column: str) -> dict[str, str]:
    ids = dict.fromkeys(row[column] for row in rows)
    return {name: f"{kind} {number}" for number, name in enumerate(ids, start=1)}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Replace every id that has a description, including ids inside longer texts and in the keys of mappings."""
    if isinstance(value, str):
        return ID.sub(lambda match: names.get(match.group(), match.group()), value)
    if isinstance(value, Mapping):
        return {_renamed(key, names): _renamed(item, names) for key, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list | tuple) else value
