"""Mutated DICOM files through the gate: `make fuzz` runs 100,000, the tests run a slice.

Nothing but our own error may come out, no file may take longer than 5 s, and memory stays below 1 GiB.
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

MAX_FILE = 300_000
FILES = 100_000
SLOW_S, MEMORY = 5.0, 2**30
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
"""Lengths, items and elements that lie."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Hurt a file in one to six ways: bits, lengths, cuts, repeats, hostile pieces."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if chance.random() < 0.4 else chance.randrange(min(len(data), 4000))
        kind = chance.randrange(6)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
        elif kind == 2:
            data[at : at + 8] = chance.choice(HOSTILE)
        elif kind == 3:
            del data[at : at + chance.randint(1, 64)]
        elif kind == 4:
            piece = bytes(data[at : at + chance.randint(1, 128)])
            data[at:at] = piece * chance.randint(1, 20)
        else:
            del data[at:]
        data = data or bytearray(1)
    return bytes(data)


def outcomes(seeds: list[bytes], files: int, seed: int) -> Iterator[str]:
    """Yield the code of each mutated file; anything but our own error, or a slow file, raises.

    Each goes through the sandbox first, as in the night: decoders of compressed pixels do end the process.
    """
    chance = random.Random(seed)
    with Sandbox() as sandbox:
        sandbox.check(seeds[0])
        for number in range(files):
            content = mutated(chance.choice(seeds), chance)
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
    """Return one small file of each folder of real data; tools that made them left other UIDs in the file meta."""
    found: dict[Path, bytes] = {}
    for path in sorted(data.rglob("*")):
        if path.is_file() and path.parent not in found and path.stat().st_size < MAX_FILE:
            content = path.read_bytes()
            if content[128:132] == b"DICM":
                ds = dcmread(BytesIO(content))
                ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
                buffer = BytesIO()
                ds.save_as(buffer)
                found[path.parent] = buffer.getvalue()
    return list(found.values())


def main() -> None:
    """Run all files and print what became of them."""
    real = seeds(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "dicom")
    started, counts = time.monotonic(), Counter(outcomes(real, FILES, seed=1))
    held = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
    sys.stdout.write(f"{FILES} mutations of {len(real)} real files in {time.monotonic() - started:.0f} s, ")
    sys.stdout.write(f"at most {held / 2**20:.0f} MiB held: {dict(counts.most_common())}\n")
    if held > MEMORY:
        raise SystemExit("more than 1 GiB was held")


if __name__ == "__main__":
    main()
