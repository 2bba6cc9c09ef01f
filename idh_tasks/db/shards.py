"""Which patches are packed in which shard; a shard is never changed, and datasets share it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class Shard:
    """An object with patches of one sequence."""

    object_key: str
    sequence: MrSequence
    sha256: str


@dataclass(frozen=True)
class Place:
    """Where a patch is: the shard, its hash, and the place in its array."""

    patch_id: str
    object_key: str
    sha256: str
    place: int


def unpacked(transaction: Transaction, members: Sequence[Member]) -> list[Member]:
    """Return the members whose patches are in no shard, or have been cut again since."""
    patches = {"patch_ids": [m.patch_id for m in members], "hashes": [m.sha256 for m in members]}
    missing = set(transaction.column(str, "shards/select_unpacked", **patches))
    return [member for member in members if member.patch_id in missing]


def save(transaction: Transaction, shard: Shard, members: Iterable[Member]) -> None:
    """Store a shard with its patches, in the order of its array; one that is stored already stays."""
    own = list(members)
    transaction.run("shards/insert_shard", **vars(shard))
    patches = {"patch_ids": [m.patch_id for m in own], "hashes": [m.sha256 for m in own]}
    transaction.run("shards/insert_packed_patches", object_key=shard.object_key, **patches)


def places(transaction: Transaction, run_id: str, sequence: MrSequence) -> list[Place]:
    """Return where the patches of one sequence of a run's dataset are; those in no shard are left out."""
    return transaction.all(Place, "shards/select_places", run_id=run_id, sequence=sequence)
