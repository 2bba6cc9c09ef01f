"""Packs of a frozen dataset: all patches of a sequence in one object, so that training reads one per sequence."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.db import datasets
from idh_tasks.db.datasets import Pack
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.arrays import array_bytes, read_array


def pack(platform: Platform, dataset_id: str, members: Sequence[Member]) -> list[Pack]:
    """Store the patches of a dataset, each checked by its hash, as one array (n, size, size) per sequence."""
    packs = []
    for sequence in sorted({member.sequence for member in members}):
        own = _ordered(member for member in members if member.sequence is sequence)
        patches = [read_array(platform.store.get_checked(m.object_key, m.sha256)) for m in own]
        key = keys.pack(dataset_id, sequence)
        packs.append(Pack(sequence, key, platform.store.put(key, array_bytes(np.stack(patches)))))
    return packs


def unpack(
    platform: Platform, run_id: str, sequence: MrSequence, members: Iterable[Member]
) -> dict[str, NDArray[np.float32]]:
    """Return the patches of one sequence of a run's dataset by patient.

    Raises
    ------
    IdhError
        ``E_HASH`` if the object is not the one that was frozen.
    RunRefusedError
        ``E_DATASET_ERASED`` if it was erased because one of its patients withdrew.
    """
    with platform.database.begin() as transaction:
        stored = datasets.pack_of(transaction, run_id, sequence)
    if stored is None:
        reason = "the dataset was erased because one of its patients withdrew; start a new run"
        raise RunRefusedError(Code.E_DATASET_ERASED, reason)
    patches = read_array(platform.store.get_checked(stored.object_key, stored.sha256))
    return dict(zip((m.patient_key for m in _ordered(members)), patches, strict=True))


def _ordered(members: Iterable[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member.patient_key)
