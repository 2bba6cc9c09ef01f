"""Instances per CPU second: our intake with all its checks, beside what a user would take for de-identification.

All sides get the same synthetic files. CPU seconds are those of every process that takes part, so that the figure is
the rate per core, whatever runs side by side: of ours, Python, the sandbox, the database and the object store.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import httpx
import psutil
from deid.config import DeidRecipe
from deid.dicom import replace_identifiers
from dicomanonymizer import anonymize_dicom_file

from bench.intake import INSTANCES, STUDY, TIMES, services, study
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform
from tests.deliveries import fetched

GOAL = 3
"""How many times the rate of the fastest peer."""


def cpu_s(processes: list[psutil.Process]) -> float:
    """Return the CPU time of these processes and of all that they have started, in s."""
    seconds = 0.0
    for one in {family for process in processes for family in (process, *process.children(recursive=True))}:
        with suppress(psutil.NoSuchProcess):
            used = one.cpu_times()
            seconds += used.user + used.system
    return seconds


def rate(processes: list[psutil.Process], work: Callable[[int], object]) -> float:
    """Return instances per CPU second, as the median of several passes; a first one warms up."""
    taken = []
    for number in range(TIMES + 1):
        before = cpu_s(processes)
        work(number)
        taken.append(cpu_s(processes) - before)
    return INSTANCES / median(taken[1:])


def ours(installation: Installation, platform: Platform) -> float:
    """Gate, de-identify, name and store the study."""
    deliveries = [fetched(study(f"{STUDY}.{number}")) for number in range(TIMES + 1)]
    processes = [psutil.Process(), *_services(installation)]
    return rate(processes, lambda number: store_studies(platform, deliveries[number]))


def _services(installation: Installation) -> list[psutil.Process]:
    """Return the processes of an installation other than the PACS."""
    home, own = str(installation.home), psutil.Process()
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            line = " ".join(process.cmdline())
            if home in line and "Orthanc" not in line and process != own:
                found.append(process)
    return found


def by_orthanc(installation: Installation, files: dict[str, bytes]) -> float:
    """Receive the study with Orthanc over HTTP and let it store an anonymised copy."""
    [process] = [one for one in psutil.process_iter() if _is_orthanc(one, installation)]
    login = (orthanc.USER, installation.secrets["orthanc_password"])
    with httpx.Client(base_url=orthanc.address(installation), auth=login, timeout=600) as client:
        return rate([process], lambda _: _anonymise(client, files))


def _is_orthanc(process: psutil.Process, installation: Installation) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.name() == "Orthanc" and str(installation.home) in " ".join(process.cmdline())
    return False


def _anonymise(client: httpx.Client, files: dict[str, bytes]) -> None:
    for content in files.values():
        stored = client.post("/instances", content=content).raise_for_status().json()
    study_id = stored["ParentStudy"]
    copy = client.post(f"/studies/{study_id}/anonymize", json={}).raise_for_status().json()
    for one in (study_id, copy["ID"]):
        client.delete(f"/studies/{one}").raise_for_status()


def by_dicom_anonymizer(folder: Path) -> float:
    """Anonymise each file with dicom-anonymizer's rules of PS3.15."""
    out = folder / "dicom-anonymizer"
    out.mkdir()
    return rate(
        [psutil.Process()],
        lambda _: [anonymize_dicom_file(str(path), str(out / path.name)) for path in sorted(folder.glob("*.dcm"))],
    )


def by_deid(folder: Path) -> float:
    """Replace the identifiers of each file with the default recipe of pydicom's deid."""
    out = folder / "deid"
    out.mkdir()
    paths = [str(path) for path in sorted(folder.glob("*.dcm"))]
    return rate(
        [psutil.Process()],
        lambda _: replace_identifiers(
            paths, deid=DeidRecipe(), save=True, output_folder=str(out), overwrite=True, disable_skip=True
        ),
    )


def main() -> None:
    """Measure all sides in one run and print rates and ratios."""
    os.environ.setdefault("MESSAGELEVEL", "ERROR")  # of deid
    files = study()
    with tempfile.TemporaryDirectory() as name, services() as (installation, platform):
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        own = ours(installation, platform)
        peers = {"dicom-anonymizer": by_dicom_anonymizer(folder), "pydicom deid": by_deid(folder)}
        if orthanc.installed():
            peers["Orthanc: receive, anonymise, store"] = by_orthanc(installation, files)
    print(f"{'ours: all checks and store':36} {own:8.0f} instances per CPU second")
    for peer, value in peers.items():
        print(f"{peer:36} {value:8.0f} instances per CPU second, ratio {own / value:.2f}")
    print(f"ratio: ours / the fastest peer {own / max(peers.values()):.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
