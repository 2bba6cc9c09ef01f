"""Packs the patches of a dataset into shards that are never changed: each patch once, whatever datasets it is in."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

import numpy as np

from idh_tasks.db import shards
from idh_tasks.db.shards import Shard
from idh_tasks.domain.learning import Member
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.arrays import array_bytes, read_array
from idh_tasks.store.objects import ObjectStore, sha256
from idh_tasks.store.parallel import in_order

log = logging.getLogger(__name__)

SHARD = 256
"""Patches of a shard, about 4 MB; the last one of a packing has fewer."""
AHEAD = 2 * SHARD
"""Patches that are read before the shard before them is stored."""

Packed = tuple[Shard, Sequence[Member], bytes]
"""A shard with its patches in order, and the bytes of its array."""


def pack(platform: Platform, members: Sequence[Member]) -> int:
    """Store the patches that are in no shard yet; return their number. One that was killed goes on where it ended.

    Raises
    ------
    IdhError
        ``E_HASH`` if a patch is not the one that was cut.
    """
    with platform.database.begin() as transaction:
        new = shards.unpacked(transaction, members)
    for shard, own, content in packed(platform.store, new):
        with platform.database.begin() as transaction:
            # The rows keep the patients from being erased until the object is where erasure finds it.
            shards.save(transaction, shard, own)
            platform.store.put(shard.object_key, content)
    log.info("patches packed: %d of %d", len(new), len(members))
    return len(new)


def packed(store: ObjectStore, members: Iterable[Member]) -> Iterator[Packed]:
    """Yield the patches as shards, each patch checked by its hash; they are read in parallel, some ahead."""
    planned = list(_planned(members))
    patches = in_order(lambda m: store.get_checked(m.object_key, m.sha256), _flat(planned), AHEAD)
    for own in planned:
        content = array_bytes(np.stack([read_array(patch) for patch in islice(patches, len(own))]))
        yield _shard(own, content), own, content


def _planned(members: Iterable[Member]) -> Iterator[Sequence[Member]]:
    ordered = sorted(members, key=lambda member: (member.sequence, member.patient_key))
    for _, own in groupby(ordered, key=lambda member: member.sequence):
        of_sequence = list(own)
        yield from (of_sequence[start : start + SHARD] for start in range(0, len(of_sequence), SHARD))


def _flat(planned: Iterable[Sequence[Member]]) -> Iterator[Member]:
    return (member for own in planned for member in own)


def _shard(members: Sequence[Member], content: bytes) -> Shard:
    sequence = members[0].sequence
    key = keys.shard(sequence, keys.digest(*(f"{m.patch_id} {m.sha256}" for m in members)))
    return Shard(key, sequence, sha256(content))
