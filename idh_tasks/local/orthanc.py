"""Orthanc as PACS on loopback, where its Debian package is installed."""

import json
import shutil

import httpx

from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, await_ready
from idh_tasks.settings import PacsSettings

NAME = "orthanc"
CALLED_AET = "PHANTOMPACS"
CALLING_AET = "IDHPLATFORM"
USER = "idh"


def installed() -> bool:
    """Tell whether the Orthanc program is there."""
    return _program() is not None


def _program() -> str | None:
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")


def settings(installation: Installation) -> PacsSettings:
    """Return how to reach the PACS."""
    port = installation.ports["orthanc_dicom"]
    return PacsSettings(host="127.0.0.1", port=port, called_aet=CALLED_AET, calling_aet=CALLING_AET)


def _configuration(installation: Installation) -> str:
    ports, folder = installation.ports, str(installation.folder("orthanc"))
    return json.dumps(
        {
            "Name": "phantom hospital",
            "StorageDirectory": folder,
            "IndexDirectory": folder,
            "HttpPort": ports["orthanc_http"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: installation.secrets["orthanc_password"]},
            "DicomPort": ports["orthanc_dicom"],
            "DicomAet": CALLED_AET,
            "DicomCheckCalledAet": True,
            "DicomCheckModalityHost": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomModalities": {"idh": {"AET": CALLING_AET, "Host": "127.0.0.1", "Port": 104, "AllowGet": True}},
            "Plugins": [],
        }
    )


def start(installation: Installation) -> None:
    """Start Orthanc."""
    config = installation.write_private("orthanc.json", _configuration(installation))
    service = Service(installation, NAME)
    # Orthanc waits 40 ms for each instance unless it sends without delay.
    service.start([_program() or "Orthanc", str(config)], {"TCP_NODELAY": "1"})
    await_ready(service, lambda: _answers(installation), 30)


def _answers(installation: Installation) -> bool:
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{installation.ports['orthanc_http']}/system",
            auth=(USER, installation.secrets["orthanc_password"]),
        )
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK
