"""Passes mutated DICOM files through the gate: `make fuzz` runs 100,000, the tests run some of them.

The gate may raise only its own errors, no file may take longer than 5 s, and memory must stay below 1 GiB.
"""

import random
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pydicom import dcmread

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.sandbox import Sandbox

MAX_FILE_BYTES = 300_000
FILES = 100_000
SLOW_S, MAX_MEMORY_BYTES = 5.0, 2**30
HOSTILE = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xfe\xff\0\xe0\xff\xff\xff\xff",
    b"SQ\0\0\xff\xff\xff\xff",
    b"UN\0\0\xff\xff\xff\x7f",
    b"\x02\0\0\0UL\4\0\xff\xff\0\0",
    b"PN\xff\xff",
    b"\xe0\x7f\x10\0OW\0\0\xf0\xff\xff\xff",
)
"""Lengths, items and elements with false contents."""


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Change a file in one to six ways: flipped bits, false lengths, hostile pieces, cuts, repeats, truncation."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if rng.random() < 0.4 else rng.randrange(min(len(data), 4000))
        kind = rng.randrange(6)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + 4] = struct.pack("<I", rng.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
        elif kind == 2:
            data[at : at + 8] = rng.choice(HOSTILE)
        elif kind == 3:
            del data[at : at + rng.randint(1, 64)]
        elif kind == 4:
            piece = bytes(data[at : at + rng.randint(1, 128)])
            data[at:at] = piece * rng.randint(1, 20)
        else:
            del data[at:]
        data = data or bytearray(1)
    return bytes(data)


def outcomes(seeds: list[bytes], files: int, seed: int) -> Iterator[str]:
    """Yield the code of each mutated file; any error but our own, and a slow file, raises.

    Each file goes through the sandbox first, as in production: some decoders of compressed pixels end their process.
    """
    rng = random.Random(seed)
    with Sandbox() as sandbox:
        sandbox.check(seeds[0])
        for number in range(files):
            content = mutate(rng.choice(seeds), rng)
            started = time.monotonic()
            try:
                sandbox.check(content)
                admit(content, decode=False)
                code = "passed"
            except InstanceRejectedError as error:
                code = error.code
            if time.monotonic() - started > SLOW_S:
                raise AssertionError(f"mutation {number} of seed {seed} took more than {SLOW_S} s")
            yield code


def seeds(data: Path) -> list[bytes]:
    """Return one small file per folder of real data, with the same UIDs in file meta information and data set."""
    files: dict[Path, bytes] = {}
    for path in sorted(data.rglob("*")):
        if path.is_file() and path.parent not in files and path.stat().st_size < MAX_FILE_BYTES:
            content = path.read_bytes()
            if content[128:132] == b"DICM":
                ds = dcmread(BytesIO(content))
                ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
                buffer = BytesIO()
                ds.save_as(buffer)
                files[path.parent] = buffer.getvalue()
    return list(files.values())


def main() -> None:
    """Run all files and print how many of them got which code."""
    real = seeds(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "dicom")
    started, counts = time.monotonic(), Counter(outcomes(real, FILES, seed=1))
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    sys.stdout.write(f"{FILES} mutations of {len(real)} real files in {time.monotonic() - started:.0f} s, ")
    sys.stdout.write(f"at most {memory / 2**20:.0f} MiB of memory: {dict(counts.most_common())}\n")
    if memory > MAX_MEMORY_BYTES:
        raise SystemExit("more than 1 GiB of memory was used")


if __name__ == "__main__":
    main()
