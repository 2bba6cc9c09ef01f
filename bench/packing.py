"""Seconds and memory of packing a cohort for training, and of reading it back, from a store that is slow to answer.

Every object is asked for over a connection that takes 20 ms; the store itself is a folder. All six sequences of each
patient are packed, as a training does, then one sequence is read back into the file from which one epoch is trained.

Usage: ``python bench/packing.py [patients ...]``
"""

import hashlib
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from idh_tasks.db.shards import Place
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.images import PatchFile
from idh_tasks.pipelines.train.dataset_arrays import fetched, pieces
from idh_tasks.pipelines.train.packing import packed
from idh_tasks.settings import LearningSettings
from idh_tasks.store.arrays import array_bytes
from idh_tasks.store.objects import ObjectStore

DELAY_S = 0.02
PATIENTS = (10_000,)
DISTINCT = 64
"""Different patches; patients share them, so that the bench needs no disk for hundreds of thousands."""


class SlowStore(ObjectStore):
    """A store that answers after 20 ms; its patches are made once, and shards are kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        rng = np.random.default_rng(1)
        self.patches = [array_bytes(rng.standard_normal((64, 64)).astype(np.float32)) for _ in range(DISTINCT)]

    def stream(self, key: str, etag: str | None = None) -> Iterator[bytes]:  # noqa: ARG002 - as the store's
        """Yield a patch or a shard."""
        time.sleep(DELAY_S)
        is_patch = key.startswith("patch")
        yield self.patches[int(key.rsplit("-", 1)[1]) % DISTINCT] if is_patch else self._path(key).read_bytes()

    def put_file(self, key: str, content: BinaryIO) -> None:
        """Keep a shard."""
        time.sleep(DELAY_S)
        self._path(key).write_bytes(content.read())

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", "_")


def cohort(store: SlowStore, patients: int) -> list[Member]:
    """Return all sequences of so many patients."""
    hashes = [hashlib.sha256(patch).hexdigest() for patch in store.patches]
    return [
        Member(f"{n:064d}", sequence, f"{sequence}{n:022d}", f"patches/{n:064d}/{sequence}-{n}", hashes[n % DISTINCT],
               n % 6 == 0, f"{n:064d}", 1)
        for n in range(patients) for sequence in MODEL_SEQUENCES
    ]  # fmt: skip


def measure(patients: int) -> None:
    """Print the time and the memory of packing, of reading one sequence, and of an epoch on it."""
    with tempfile.TemporaryDirectory() as folder:
        store = SlowStore(Path(folder))
        members = cohort(store, patients)
        print(f"{patients:7,} patients × {len(MODEL_SEQUENCES)}: {_memory():.0f} MB before", flush=True)
        places = _timed_packing(store, members)
        own = [member for member in members if member.sequence is MrSequence.T1]
        started = time.perf_counter()
        of_sequence = {member.patch_id for member in own}
        file = fetched(store, pieces(own, (place for place in places if place.patch_id in of_sequence)), Path(folder))
        _print("one sequence read", started, len(own))
        _train(file, [member.mutant for member in own])


def _timed_packing(store: SlowStore, members: list[Member]) -> list[Place]:
    started, places = time.perf_counter(), []
    for shard, own, content in packed(store, members):
        store.put(shard.object_key, content)
        places += [Place(m.patch_id, shard.object_key, shard.sha256, number) for number, m in enumerate(own)]
    _print("packed", started, len(places))
    return places


def _train(file: PatchFile, mutant: list[bool]) -> None:
    """Train one network for one epoch on four fifths, and evaluate it on the others."""
    from idh_tasks.learning.training import train
    from idh_tasks.learning.training_job import Patches, TrainingJob

    started, rows = time.perf_counter(), np.arange(len(mutant))
    everybody, held_out = Patches(file, np.array(mutant, np.int64)), rows % 5 == 0
    job = TrainingJob(everybody.only(rows[~held_out]), everybody.only(rows[held_out]), seed=1)
    [(_, loss)] = train(job, LearningSettings(epochs=1)).curve
    seconds = time.perf_counter() - started
    print(f"  one epoch: {seconds:.1f} s, held-out loss {loss:.3f}, peak {_memory():.0f} MB", flush=True)


def _print(what: str, started: float, patches: int) -> None:
    seconds = time.perf_counter() - started
    serial = patches * DELAY_S
    print(f"  {what}: {seconds:6.1f} s ({serial:,.0f} s one by one), peak {_memory():.0f} MB", flush=True)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure each size in a process of its own."""
    for patients in [int(argument) for argument in sys.argv[1:]] or PATIENTS:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(patients,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
