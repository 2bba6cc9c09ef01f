"""Nothing that identifies a patient is sent unencrypted, unless an administrator has declared the network private."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_mapping import read_mapping
from idh_tasks.endpoints import DicomwebSettings, FhirSettings, PacsSettings
from idh_tasks.errors import IdhError, RunRefusedError
from idh_tasks.intake.transport import dicomweb, fhir_search
from idh_tasks.intake.transport.association import echo
from idh_tasks.intake.transport.find import find_studies, list_study
from idh_tasks.intake.transport.listing import InstanceReference, StudyContents
from idh_tasks.intake.transport.retrieve import retrieve
from idh_tasks.intake.transport.send import send_study

AWAY = "192.0.2.1"
"""An address of documentation (RFC 5737): nothing may be sent there."""
DAYS = (date(2020, 1, 1), date(2020, 1, 2))
PACS = PacsSettings(host=AWAY, port=104, called_aet="PACS", calling_aet="US", timeout_s=0.2, association_wait_s=0.2)
ARCHIVE = DicomwebSettings(url=f"http://{AWAY}/dicom-web", timeout_s=0.2)
SERVER = FhirSettings(url=f"http://{AWAY}/fhir", timeout_s=0.2)
LABORATORY = f"postgresql+psycopg2://idh:secret@{AWAY}/lis?connect_timeout=1"
CONTENTS = StudyContents(frozenset(), frozenset({InstanceReference("1.2", "1.2.3")}))

REQUESTS: dict[str, Callable[[], object]] = {
    "echo": lambda: echo(PACS),
    "listing of the PACS": lambda: find_studies(PACS, *DAYS),
    "query of a study": lambda: list_study(PACS, "1.2"),
    "C-GET": lambda: retrieve(PACS, "1.2", CONTENTS, {}),
    "C-STORE": lambda: send_study(PACS, [Path("a.dcm")]),
    "listing by DICOMweb": lambda: dicomweb.find_studies(ARCHIVE, *DAYS),
    "retrieve by DICOMweb": lambda: dicomweb.retrieve(ARCHIVE, "1.2", {}),
    "test of DICOMweb": lambda: dicomweb.probe(ARCHIVE),
    "FHIR": lambda: list(fhir_search.search_pages(SERVER, datetime.now(UTC))),
    "test of FHIR": lambda: fhir_search.probe(SERVER),
    "laboratory": lambda: Laboratory(LABORATORY, read_mapping(None)).check(),
    "rows of the laboratory": lambda: Laboratory(LABORATORY, read_mapping(None)).read(None, datetime.now(UTC)),
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_a_system_that_is_not_encrypted_is_refused_by_name(request_of: Callable[[], object]) -> None:
    with pytest.raises(RunRefusedError, match="E_UNENCRYPTED") as refused:
        request_of()
    assert AWAY not in refused.value.reason


DECLARED: dict[str, Callable[[], object]] = {
    "PACS": lambda: echo(PACS.model_copy(update={"private_network": True})),
    "DICOMweb": lambda: dicomweb.probe(ARCHIVE.model_copy(update={"private_network": True})),
    "FHIR": lambda: fhir_search.probe(SERVER.model_copy(update={"private_network": True})),
    "laboratory": lambda: Laboratory(LABORATORY, read_mapping(None), private_network=True).check(),
    "DICOMweb by https": lambda: dicomweb.probe(ARCHIVE.model_copy(update={"url": f"https://{AWAY}"})),
    "FHIR by https": lambda: fhir_search.probe(SERVER.model_copy(update={"url": f"https://{AWAY}"})),
    "laboratory with TLS": lambda: Laboratory(f"{LABORATORY}&sslmode=verify-full", read_mapping(None)).check(),
}


@pytest.mark.parametrize("request_of", DECLARED.values(), ids=DECLARED)
def test_a_system_that_is_encrypted_or_declared_is_asked(request_of: Callable[[], object]) -> None:
    """Nobody answers at this address, but the request goes as far as that."""
    with pytest.raises(IdhError) as failed:
        request_of()
    assert failed.value.code in ("E_PACS", "E_TIMEOUT", "E_DICOMWEB", "E_FHIR", "E_LABORATORY")
