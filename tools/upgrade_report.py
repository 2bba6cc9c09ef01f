"""Installs an older version, fills it with data by its own code, upgrades it as `make up` does, and compares."""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from pydantic import SecretStr

from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import airflow, up
from idh_tasks.local.delivery import deliver
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import SUPERUSER, Login
from idh_tasks.local.postgres import folder, sockets
from idh_tasks.phantom.cohort import CohortPlan, write_cohort
from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.link.cases import link
from idh_tasks.pipelines.operate.audit import verify
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT

OLD = "d186106"
"""The last version whose processes all logged in as superuser."""
PLAN = CohortPlan(patients=5, mutants=2, seed=7)
OLD_NIGHT = """
import sys
from pathlib import Path

from idh_tasks.local import airflow, up
from idh_tasks.local.delivery import deliver
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines import ingest, link

installation, cohort = Installation(), Path(sys.argv[1])
platform = up.services_up(installation, print)
airflow.prepare(installation, airflow.environment(installation))
deliver(platform, up.laboratory(installation), cohort)
platform.drop.put("pathology/results.csv", (cohort / "pathology.csv").read_bytes())
ingest.ingest(platform)
link.link(platform)
"""
"""Run by the old code, in its own folder."""

ROWS = {
    "patients": "SELECT patient_key FROM idh.patient ORDER BY 1",
    "studies": "SELECT study_id, patient_key, revision, content_hash, roi_key FROM idh.study ORDER BY 1",
    "series": "SELECT study_id, series_id, sequence, object_key, sha256 FROM idh.series ORDER BY 1, 2",
    "reports": "SELECT report_key, version, patient_key, idh_status FROM idh.report ORDER BY 1, 2",
    "cases": "SELECT study_id, report_key, code, chosen FROM idh.case_link ORDER BY 1, 2",
    "deliveries": "SELECT item_id, state, code, study_id FROM phi.inbox ORDER BY 1",
    "identities": "SELECT * FROM phi.patient_identity ORDER BY 1",
    "feed files": "SELECT file_id, state, reports FROM idh.feed_file ORDER BY 1",
}
"""What a night without new input must not change."""
Rows = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Step:
    """A step of the upgrade, and how it went."""

    name: str
    result: str
    ok: bool = True


def main() -> None:
    """Print each step; exit with 1 if one went wrong."""
    went_wrong = False
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="idh-", ignore_cleanup_errors=True) as temporary:
        for step in upgrade(Path(temporary)):
            went_wrong |= not step.ok
            seconds = time.monotonic() - began
            sys.stdout.write(f"{seconds:6.0f} s  {'ok   ' if step.ok else 'WRONG'}  {step.name}: {step.result}\n")
            sys.stdout.flush()
    sys.exit(went_wrong)


def upgrade(temporary: Path) -> Iterator[Step]:
    """Yield the steps of an upgrade below a temporary folder."""
    checkout, cohort = temporary / "old", temporary / "cohort"
    _check_out(checkout)
    late = _write_cohort(cohort)
    installation = Installation(checkout / ".idh")
    try:
        _run_old(checkout, cohort)
        before = rows(installation, password=None)
        yield Step(f"{OLD} ingested and linked", counts(before), all(before.values()))
        up.up(installation, lambda _: None)
        stopped = _stopped(installation)
        yield Step("up, on the running old services", stopped or "everything is running", not stopped)
        yield compared("after the upgrade", before, rows(installation, administrator(installation)))
        yield Step("another pseudonym key", *_refusal(installation))
        yield from _nights(installation, cohort, late, before)
        yield from _checks(installation)
    finally:
        up.down(installation, lambda _: None)


def _check_out(target: Path) -> None:
    command = ["git", "archive", OLD]
    archive = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - the command is ours
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")


def _write_cohort(cohort: Path) -> Path:
    """Write the cohort, and return the folder of the last study, which is delivered after the upgrade."""
    for _ in write_cohort(cohort, PLAN):
        pass
    last = max((cohort / "studies").iterdir())
    return last.rename(cohort / last.name)


def _run_old(checkout: Path, cohort: Path) -> None:
    ours = ("IDH_", "AIRFLOW_", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    paths = os.pathsep.join((str(checkout / "plugins"), str(checkout)))
    command = [sys.executable, "-c", OLD_NIGHT, str(cohort)]
    subprocess.run(  # noqa: S603 - the command is ours
        command, cwd=checkout, env=environment | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL, check=True
    )


def administrator(installation: Installation) -> str:
    """Return the password of the superuser, which the old version did not have."""
    return installation.database_password(Login.ADMINISTRATOR)


def rows(installation: Installation, password: str | None, queries: Mapping[str, str] = ROWS) -> Rows:
    """Read what must stay as it is, or the rows of other queries; the old version has no password for them."""
    # Old versions kept the socket among the data.
    host = str(folder(installation) if password is None else sockets(installation))
    connection = psycopg2.connect(host=host, user=SUPERUSER, password=password, dbname="idh")
    try:
        with connection.cursor() as cursor:
            return {name: _fetched(cursor, sql) for name, sql in queries.items()}
    finally:
        connection.close()


def _fetched(cursor: psycopg2.extensions.cursor, sql: str) -> list[tuple[object, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())


def counts(content: Rows) -> str:
    """Return the number of rows of each kind."""
    return ", ".join(f"{len(found)} {name}" for name, found in content.items())


def compared(name: str, before: Rows, after: Rows) -> Step:
    """Return whether every row is the same."""
    changed = [kind for kind in before if before[kind] != after[kind]]
    return Step(name, f"changed: {', '.join(changed)}" if changed else "every row is the same", not changed)


def _stopped(installation: Installation) -> str:
    return ", ".join(name for name, running in up.status(installation).items() if not running)


def opened(installation: Installation, role: Role) -> Platform:
    """Return the platform, logged in as a role."""
    return Platform(up.settings(installation, role))


def _nights(installation: Installation, cohort: Path, late: Path, before: Rows) -> Iterator[Step]:
    new = ingest(opened(installation, Role.INGEST))
    link(opened(installation, Role.LINK))
    yield Step("a night without new input", f"new: {new}", not new)
    yield compared("after that night", before, rows(installation, administrator(installation)))
    late.rename(cohort / "studies" / late.name)
    laboratory, hospital = up.laboratory(installation), up.hospital(installation)
    deliver(opened(installation, Role.INGEST), hospital, laboratory, cohort)
    new = ingest(opened(installation, Role.INGEST))
    link(opened(installation, Role.LINK))
    after = rows(installation, administrator(installation))
    grown = new and len(after["studies"]) == len(before["studies"]) + 1 and len(after["cases"]) > len(before["cases"])
    yield Step("a night with one new study", counts(after), grown)


def _checks(installation: Installation) -> Iterator[Step]:
    log = verify(opened(installation, Role.MONITOR))
    yield Step("audit log", f"{log.events} events, {log.recorded_heads} recorded heads", log.recorded_heads > 0)
    fingerprint = opened(installation, Role.INGEST).pseudonymiser.fingerprint()
    yield Step("fingerprint of the key", *_recorded(installation, fingerprint))
    healthy = airflow.healthy(installation)
    yield Step("Airflow, on its old database", "healthy" if healthy else "not healthy", healthy)
    modes = oct(installation.home.stat().st_mode & 0o777)
    yield Step("mode of the folder", modes, modes in ("0o700", "0o710"))


def _recorded(installation: Installation, fingerprint: str) -> tuple[str, bool]:
    query = {"fingerprints": "SELECT fingerprint FROM idh.pseudonym_key"}
    ok = rows(installation, administrator(installation), query)["fingerprints"] == [(fingerprint,)]
    return "recorded" if ok else "missing or wrong", ok


def _refusal(installation: Installation) -> tuple[str, bool]:
    settings = up.settings(installation, Role.INGEST)
    stranger = Platform(settings.model_copy(update={"pseudonym_key": SecretStr("another key " * 4)}))
    try:
        ingest(stranger)
    except RunRefusedError as error:
        return error.code, error.code == "E_KEY"
    return "accepted", False


if __name__ == "__main__":
    main()
