"""How to reach the systems around the platform; in Airflow, each is a Connection.

The docstring of a field is its entry in docs/settings.md.
"""

import json
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
)

from idh_tasks.domain.hours import Hours

WEB_ADDRESS = r"^https?://[^\s/]"
WebAddress = Annotated[str, Field(pattern=WEB_ADDRESS)]
AE_TITLE = r"^[ -\[\]-~]*[!-\[\]-~][ -\[\]-~]*$"
"""The default repertoire without a backslash, and not only blanks (PS3.5 6.2, AE)."""
AeTitle = Annotated[str, Field(max_length=16, pattern=AE_TITLE)]
Port = Annotated[int, Field(ge=1, le=65535)]
HoursOfDay = Annotated[str, AfterValidator(lambda text: str(Hours.parse(text)))]
"""Hours of the day as text, which stays text so that a variable, a form and a page show the same."""


def _from_form(value: Any) -> Any:
    """Return what a text in JSON says: a form of Airflow has no field for a list or an object."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        raise ValueError("not JSON") from None


Networks = Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(_from_form)]


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535 and (host or ":" not in text)):
        raise ValueError("not a port or host:port")
    return text


HostAndPort = Annotated[str, BeforeValidator(str), AfterValidator(_host_and_port)]

QUIET_HOURS = "20:00-06:00 UTC"


class _Endpoint(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class StoreSettings(_Endpoint):
    """The S3 endpoint with the platform's bucket and the hospital's drop bucket; Connection `idh_store`."""

    endpoint: WebAddress
    """Address of the endpoint, with https."""
    access_key: str = Field(min_length=1)
    """Access key."""
    secret_key: SecretStr = Field(min_length=1)
    """Secret key."""
    bucket: str = "idh-store"
    """The platform's own bucket."""
    drop_bucket: str = "idh-drop"
    """The bucket into which the hospital delivers."""
    drop_prefix: str = "drop/"
    """Where in the drop bucket studies are delivered."""
    pathology_bucket: str | None = None
    """The bucket into which the laboratory and the registry deliver; default: `drop_bucket`."""
    pathology_prefix: str = "pathology/"
    """Where in that bucket the laboratory and the registry deliver files."""
    private_network: bool = False
    """Whether no other system is on the network to the store; then TLS and encryption at rest are not required."""
    checksums: Literal["when_required", "when_supported"] = "when_required"
    """When boto3 adds checksums to requests and verifies them in answers; older stores reject `when_supported`."""
    customer_key: SecretStr | None = None
    """Key of 32 bytes, in base64, if the buckets are encrypted with keys of the customer (SSE-C)."""

    @property
    def polled_prefix(self) -> str:
        """Return where in the bucket of results the pages of a FHIR server are stored."""
        return f"{self.pathology_prefix}fhir/"

    @property
    def results_bucket(self) -> str:
        """Return the bucket into which the laboratory and the registry deliver."""
        return self.pathology_bucket or self.drop_bucket


class PacsSettings(_Endpoint):
    """The PACS by DIMSE; Connection `idh_pacs`."""

    host: str = Field(min_length=1)
    """Host of the PACS."""
    port: Port
    """Port of the PACS."""
    called_aet: AeTitle
    """AE title of the PACS."""
    calling_aet: AeTitle
    """AE title of the platform, which the PACS must know."""
    retrieve: Literal["C-GET", "C-MOVE"] = "C-GET"
    """How studies are retrieved."""
    max_associations: int = Field(default=2, ge=1)
    """Most associations with the PACS at one time, over all tasks, workers and hosts."""
    association_wait_s: float = Field(default=600, gt=0)
    """Seconds to wait for a free association or receiver, for the rate limit, and for a PACS that is busy."""
    retrieves_per_hour: int | None = Field(default=None, ge=1)
    """Most retrieves of a study per hour, over all workers."""
    retrieve_hours: HoursOfDay | None = None
    """Hours outside of which no retrieve is started, with their time zone, such as `20:00-06:00 Europe/Berlin`."""
    quiet_hours: HoursOfDay | None = QUIET_HOURS
    """Hours in which a backfill may retrieve, with their time zone; `null`: at any time."""
    max_bytes: int = Field(default=4 * 2**30, ge=2**20)
    """Most bytes that the retrieve of one study may bring."""
    listen_host: str | None = None
    """Address on which a C-MOVE is received; unset, the one from which this machine reaches the PACS."""
    listen_port: Port = 11112
    """Port on which a C-MOVE to `calling_aet` is received; the PACS must know it."""
    move_destinations: Annotated[dict[AeTitle, HostAndPort], BeforeValidator(_from_form)] = {}
    """Receivers instead of that one, one per retrieve at a time: a JSON object of AE titles with port or host:port."""
    peers: Networks = ()
    """Addresses or networks, beside that of `host`, from which the PACS sends in a C-MOVE, as a JSON list."""
    timeout_s: float = Field(default=60, gt=0)
    """Seconds without an answer after which a request fails."""
    query_limit: int | None = None
    """Largest number of rows that the PACS returns; a query with that many is repeated in smaller date ranges."""
    tls_ca: Path | None = None
    """File of the certificate authority; turns TLS on."""
    tls_certificate: Path | None = None
    """File of the platform's certificate."""
    tls_key: Path | None = None
    """File of the key of that certificate."""
    private_network: bool = False
    """Whether no other system is on the network to the PACS; then TLS is not required."""


class DicomwebSettings(_Endpoint):
    """An archive by DICOMweb (PS3.18): QIDO-RS and WADO-RS; Connection `idh_dicomweb`."""

    url: WebAddress
    """Address before `/studies`."""
    login: str | None = None
    """User name for basic authentication."""
    password: SecretStr | None = None
    """Password of that user."""
    token: SecretStr | None = None
    """Bearer token, instead of user name and password."""
    quiet_hours: HoursOfDay | None = QUIET_HOURS
    """Hours in which a backfill may retrieve, with their time zone; `null`: at any time."""
    page: int = Field(default=100, ge=1)
    """Rows per page of a query."""
    timeout_s: float = Field(default=60, gt=0)
    """Seconds without an answer after which a request fails."""
    private_network: bool = False
    """Whether no other system is on the network to the archive; then https is not required."""


class ChangesSettings(_Endpoint):
    """The change feed of an Orthanc; the Connection that `IDH_PACS_CHANGES` names."""

    url: WebAddress
    """Address before `/changes`."""
    login: str | None = None
    """User name for basic authentication."""
    password: SecretStr | None = None
    """Password of that user."""
    private_network: bool = False
    """Whether no other system is on the network to the archive; then https is not required."""
    page: int = Field(default=1000, ge=1)
    """Changes per page."""
    timeout_s: float = Field(default=60, gt=0)
    """Seconds without an answer after which a request fails."""


class FhirSettings(_Endpoint):
    """The laboratory's FHIR server, which is asked for reports that have changed; Connection `idh_fhir`."""

    url: WebAddress
    """Address before `/DiagnosticReport`, with https."""
    login: str | None = None
    """User name for basic authentication."""
    password: SecretStr | None = None
    """Password of that user."""
    token: SecretStr | None = None
    """Bearer token, instead of user name and password."""
    criteria: str = ""
    """Further criteria of the search, such as `category=PAT,GE`; without any, every report of the server is fetched."""
    page: int = Field(default=100, ge=1)
    """Reports per page."""
    timeout_s: float = Field(default=60, gt=0)
    """Seconds without an answer after which a request fails."""
    tls_ca: Path | None = None
    """File of the certificate authority, if it is not one of the system's."""
    tls_certificate: Path | None = None
    """File of the platform's certificate."""
    tls_key: Path | None = None
    """File of the key of that certificate."""
    private_network: bool = False
    """Whether no other system is on the network to the server; then https is not required."""


class MllpSettings(_Endpoint):
    """The listener for HL7 messages, `idh mllp`; read by that command only."""

    host: str = "127.0.0.1"
    """Address on which it listens; `0.0.0.0` is every address of the machine."""
    port: int = Field(default=2575, ge=0, le=65535)
    """Port on which it listens."""
    peers: tuple[IPvAnyNetwork, ...] = (IPv4Network("127.0.0.1/32"), IPv6Network("::1/128"))
    """Addresses or networks that may connect, as a JSON list; every other peer is turned away."""
    max_connections: int = Field(default=16, ge=1)
    """Peers connected at once; further ones are turned away."""
    max_bytes: int = Field(default=10 * 2**20, ge=1024)
    """Largest message in bytes; a larger one is rejected (AR)."""
    timeout_s: float = Field(default=300, gt=0)
    """Seconds without a complete message after which a connection is closed."""
    tls_certificate: Path | None = None
    """File of the listener's certificate; turns TLS on."""
    tls_key: Path | None = None
    """File of the key of that certificate."""
    tls_client_ca: Path | None = None
    """File of the certificate authority of the peers, which then must present a certificate."""
    private_network: bool = False
    """Whether no other system is on the network to the peers; then TLS is not required."""
