"""Orthanc as PACS on loopback, where its Debian package is installed."""

import json
import shutil
from pathlib import Path

import httpx
from pydantic import SecretStr

from idh_tasks.endpoints import DicomwebSettings, PacsSettings
from idh_tasks.local import accounts
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import STARTED_S, Service, await_ready

NAME = "orthanc"
CALLED_AET = "PHANTOMPACS"
CALLING_AET = "IDHPLATFORM"
USER = "idh"
STABLE_AGE_S = 5
"""Seconds without a new instance after which Orthanc calls a study stable."""
DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def installed() -> bool:
    """Return whether Orthanc is installed."""
    return _program() is not None


def _program() -> str | None:
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")


def settings(installation: Installation) -> PacsSettings:
    """Return how to reach the PACS."""
    ports = installation.ports
    return PacsSettings(
        host="127.0.0.1",
        port=ports["orthanc_dicom"],
        called_aet=CALLED_AET,
        calling_aet=CALLING_AET,
        listen_port=ports["dicom_receiver"],
    )


def dicomweb(installation: Installation) -> DicomwebSettings | None:
    """Return how to reach the same archive by DICOMweb, if the plugin is installed."""
    if not DICOMWEB_PLUGIN.exists():
        return None
    password = SecretStr(installation.secrets["orthanc_password"])
    return DicomwebSettings(url=f"{address(installation)}/dicom-web", login=USER, password=password)


def address(installation: Installation) -> str:
    """Return the address of Orthanc's REST interface."""
    return f"http://127.0.0.1:{installation.ports['orthanc_http']}"


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
            "DicomModalities": {
                "idh": {
                    "AET": CALLING_AET,
                    "Host": "127.0.0.1",
                    "Port": ports["dicom_receiver"],
                    "AllowGet": True,
                    "AllowMove": True,
                }
            },
            "StableAge": STABLE_AGE_S,
            # A broken connection occupies its thread until this timeout, and by default there are four threads.
            "DicomThreadsCount": 32,
            "DicomScpTimeout": 10,
            "Plugins": [str(DICOMWEB_PLUGIN)] if DICOMWEB_PLUGIN.exists() else [],
        }
    )


def start(installation: Installation) -> None:
    """Start Orthanc."""
    config = installation.write_private("orthanc.json", _configuration(installation))
    service = Service(installation, NAME)
    # Without this, Nagle's algorithm delays every instance by 40 ms.
    program, folder = _program() or "Orthanc", installation.folder(NAME)
    account = accounts.account_of(installation, NAME, program)
    accounts.give(account, folder, config)
    service.start([program, str(config)], {"TCP_NODELAY": "1", "HOME": str(folder)}, account)
    await_ready(service, lambda: _answers(installation), STARTED_S)


def _answers(installation: Installation) -> bool:
    try:
        answer = httpx.get(
            f"{address(installation)}/system",
            auth=(USER, installation.secrets["orthanc_password"]),
        )
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK
