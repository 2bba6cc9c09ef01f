"""The patches of a frozen dataset in a file of this machine, read from the shards that hold them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.db import datasets, shards
from idh_tasks.db.shards import Place
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.images import PatchFile, PatchRows
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.arrays import read_array
from idh_tasks.store.objects import ObjectStore
from idh_tasks.store.parallel import in_order

AHEAD = 8
"""Shards that are read at once, about 4 MB each."""


@dataclass(frozen=True)
class Piece:
    """What one object has of a dataset: the patches at these places belong into these rows."""

    object_key: str
    sha256: str
    places: Sequence[int]
    rows: Sequence[int]


@contextmanager
def unpacked(platform: Platform, run_id: str, sequence: MrSequence, members: Iterable[Member]) -> Iterator[PatchRows]:
    """Give the patches of one sequence of a run's dataset by patient, in a file that goes with the block.

    Raises
    ------
    IdhError
        ``E_HASH`` if an object is not the one that was stored.
    RunRefusedError
        ``E_DATASET_ERASED`` if one of the patients withdrew.
    """
    with platform.database.begin() as transaction:
        whole = datasets.trainable(transaction, run_id, sequence)
        places = shards.places(transaction, run_id, sequence)
    if not whole:
        reason = "the dataset was erased because one of its patients withdrew; start a new run"
        raise RunRefusedError(Code.E_DATASET_ERASED, reason)
    own = sorted(members, key=lambda member: member.patient_key)
    with TemporaryDirectory() as folder:
        yield PatchRows([m.patient_key for m in own], fetched(platform.store, pieces(own, places), Path(folder)))


def pieces(members: Sequence[Member], places: Iterable[Place]) -> list[Piece]:
    """Return what is read from each object; a patch in no shard, because that was erased, is read by itself."""
    by_patch = {place.patch_id: place for place in places}
    by_object: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row, member in enumerate(members):
        place = by_patch.get(member.patch_id, Place(member.patch_id, member.object_key, member.sha256, 0))
        by_object[place.object_key, place.sha256][place.place] = row
    return [Piece(*of, list(rows), list(rows.values())) for of, rows in by_object.items()]


def fetched(store: ObjectStore, wanted: Sequence[Piece], folder: Path) -> PatchFile:
    """Write the patches of all pieces into one file, each object checked by its hash."""
    count, file = sum(len(piece.rows) for piece in wanted), None
    for piece, patches in zip(wanted, in_order(lambda piece: _read(store, piece), wanted, AHEAD), strict=True):
        file = file or PatchFile(folder / "patches", (count, *patches.shape[1:]))
        file.write(np.array(piece.rows), patches)
    if file is None:
        raise AssertionError("a sequence of a dataset has members")
    return file


def _read(store: ObjectStore, piece: Piece) -> Float:
    array = read_array(store.get_checked(piece.object_key, piece.sha256))
    return array.reshape(-1, *array.shape[-2:])[np.array(piece.places)]
