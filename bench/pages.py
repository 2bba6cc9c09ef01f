"""Time per page of the UI over HTTP, with years of history, and how it grows from a tenth of them."""

import time
from collections.abc import Iterator
from statistics import median, quantiles

import httpx
from idh_airflow.places import MOUNT

from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from tests.access import PARAMETERS, READ
from tests.attack.people import token
from tests.history import fill
from tests.topology import api_server

SIZES = (1_000, 10_000)
"""Studies; each has ten audit events and three predictions."""
TIMES = 40
GOAL_MS = 300
FILTERED = (
    "/studies/?label=mutant",
    "/studies/?label=none",
    "/studies/?without_patch=ADC",
    "/studies/?code=E_COVERAGE",
    "/studies/?code=E_DECODE",
    "/studies/?vendor=Philips&number=20",
    "/studies/?study=ffff",
    "/held/?code=E_DECODE",
    "/audit/?actor=mary",
    "/audit/?actor=nobody",
    "/audit/?subject=nothing",
)
"""What people choose, and what finds nothing."""


def pages(filled: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and address of each page that is measured; the ids in an address change with the number of studies."""
    yield from ((path, path.format_map(PARAMETERS | filled)) for path in READ)
    yield from ((path, path) for path in FILTERED)


def measure(installation: Installation, filled: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Return median and 95th percentile of each page in milliseconds."""
    bearer = token(installation, airflow.USER, installation.secrets["admin_password"])
    with httpx.Client(
        base_url=airflow.base_url(installation) + MOUNT, headers={"Authorization": f"Bearer {bearer}"}, timeout=60
    ) as client:
        return {name: _percentiles(client, path) for name, path in pages(filled)}


def _percentiles(client: httpx.Client, path: str) -> tuple[float, float]:
    client.get(path).raise_for_status()
    taken = [_milliseconds(client, path) for _ in range(TIMES)]
    return median(taken), quantiles(taken, n=20)[-1]


def _milliseconds(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return 1e3 * (time.perf_counter() - began)


def main() -> None:
    """Measure every page with both sizes, and print a row for each."""
    with api_server(airflow.LOCAL_LOGIN) as installation:
        platform, found = Platform(up.settings(installation, Role.OWNER)), []
        for size in SIZES:
            found.append(measure(installation, fill(platform, size)))
            small, large = found[0], found[-1]
        print(f"{'page':42} {'p50 ms':>8} {'p95 ms':>8} {'growth':>8}")
        for path, (half, most) in large.items():
            growth = half / small[path][0]
            print(f"{path[:42]:42} {half:8.0f} {most:8.0f} {growth:8.2f}{'  over the goal' if most > GOAL_MS else ''}")


if __name__ == "__main__":
    main()
