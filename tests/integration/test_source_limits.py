"""A test of a source says by name that it would go unencrypted, or that all associations are in use."""

import pytest
from pydantic import SecretStr

from idh_tasks.codes import Code
from idh_tasks.db.checks import Outcome
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source
from idh_tasks.endpoints import DicomwebSettings, FhirSettings, PacsSettings
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.operate.check import Open, check
from idh_tasks.pipelines.platform import Platform
from tests.integration.test_source_checks import OwnLogin, changed, silent


@pytest.fixture
def open_as(installation: Installation, platform: Platform) -> Open:
    assert platform  # emptied
    return lambda role: OwnLogin(up.settings(installation, role))


def test_a_source_on_another_machine_without_encryption_is_named(open_as: Open) -> None:
    away = "192.0.2.1"
    update = {
        "pacs": PacsSettings(host=away, port=104, called_aet="A", calling_aet="B"),
        "dicomweb": DicomwebSettings(url=f"http://{away}"),
        "fhir": FhirSettings(url=f"http://{away}"),
        "pathology_url": SecretStr(f"postgresql+psycopg2://u:p@{away}/lis"),
    }
    for source in (Source.PACS, Source.DICOMWEB, Source.FHIR, Source.PATHOLOGY):
        found = check(changed(open_as, **update), source)
        assert (found.outcome, found.code) == (Outcome.FAILED, Code.E_UNENCRYPTED)
        assert "would be reached unencrypted; set up TLS, or declare" in found.sentence


def test_a_test_of_the_pacs_does_not_wait_for_the_night(open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idh_tasks.pipelines.operate.connection_tests.PATIENCE_S", 0.3)
    with silent() as port:
        pacs = PacsSettings(host="127.0.0.1", port=port, called_aet="A", calling_aet="B", max_associations=1)
        whole = changed(open_as, pacs=pacs)
        busy = whole(Role.INGEST).pacs
        assert busy is not None
        with busy.traffic.slot(1, 5):
            found = check(whole, Source.PACS)
    assert (found.code, found.sentence) == (
        Code.E_PACS_BUSY,
        "All 1 associations with the PACS were in use for 0.3 s.",
    )
