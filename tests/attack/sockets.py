"""Unix sockets on which the processes of an installation listen, and the list of allowed ones."""

from collections.abc import Iterator
from pathlib import Path

import psutil

from idh_tasks.local import postgres, seaweed
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service
from tests.attack import listening

LISTENING = 0x10000
"""Flag SO_ACCEPTCON of /proc/net/unix."""
PASSWORD = "PostgreSQL: requires a password"
OWNER_ONLY = "a second way to the S3 port's requests: every request is signed, and only the owner may connect"
NO_HTTP = "the filer with HTTP disabled: knows no path, and only the owner may connect"
CERTIFICATE = "between parts of SeaweedFS, below /tmp: requires a client certificate"


def allowed(installation: Installation) -> dict[Path, str]:
    """Return the allowed sockets, each with the reason why it is no open door."""
    return {
        postgres.sockets(installation).resolve() / ".s.PGSQL.5432": PASSWORD,
        of_the_store(installation, "s3"): OWNER_ONLY,
        of_the_store(installation, "filer"): NO_HTTP,
        **dict.fromkeys(seaweed.internal_sockets(installation), CERTIFICATE),
    }


def of_the_store(installation: Installation, part: str) -> Path:
    """Return the socket that the running store was told to open for a part, `s3` or `filer`."""
    pid, flag = Service(installation, seaweed.NAME).pid(), f"-{part}.localSocket="
    [path] = [word.removeprefix(flag) for word in psutil.Process(pid).cmdline() if word.startswith(flag)]
    return installation.home.resolve() / path


def listeners(installation: Installation) -> dict[Path, str]:
    """Return the sockets on which an installation listens, each with the name of the program."""
    paths = dict(_listening())
    return {
        Path(process.cwd(), paths[inode]): process.name()
        for process in listening.processes(installation)
        for inode in _inodes(process)
        if inode in paths
    }


def complaints(installation: Installation) -> list[str]:
    """Return each socket that is on no list."""
    known = allowed(installation)
    return [
        f"{program} on {path} is on no list" for path, program in listeners(installation).items() if path not in known
    ]


def _listening() -> Iterator[tuple[str, str]]:
    """Yield inode and path of each listening socket; an abstract one has no file, and its path begins with @."""
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        _, _, _, flags, _, _, inode, *path = line.split(maxsplit=7)
        if int(flags, 16) & LISTENING:
            yield inode, path[0] if path else "(unnamed)"


def _inodes(process: psutil.Process) -> Iterator[str]:
    for descriptor in _descriptors(process):
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")


def _descriptors(process: psutil.Process) -> list[Path]:
    try:
        return list(Path(f"/proc/{process.pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []  # it has ended
