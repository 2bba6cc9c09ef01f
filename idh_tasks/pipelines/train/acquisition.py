"""What is stored about the acquisition of images, as numbers for the negative controls."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from idh_tasks.db import datasets
from idh_tasks.db.datasets import Acquired
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.leak_checks import Acquisition
from idh_tasks.pipelines.platform import Platform


def acquisition_of(platform: Platform, run_id: str, sequence: MrSequence) -> Acquisition:
    """Return vendor and protocol, and the order of ingest, of one sequence of a run's dataset."""
    with platform.database.begin() as transaction:
        acquired = datasets.acquired(transaction, run_id, sequence)
    return acquisition_numbers(acquired)


def acquisition_numbers(acquired: Sequence[Acquired]) -> Acquisition:
    """Return the numbers of each patient: vendor, provenance, those of its series, and the rank of ingest."""
    kinds = sorted({_kind(item) for item in acquired})
    order = rankdata([item.ingested_at.timestamp() for item in acquired])
    return {
        "vendor and protocol": {
            item.patient_key: (*(float(_kind(item) == kind) for kind in kinds), *_protocol(item)) for item in acquired
        },
        "order of ingest": {item.patient_key: (float(rank),) for item, rank in zip(acquired, order, strict=True)},
    }


def _kind(item: Acquired) -> tuple[str, str]:
    return item.manufacturer.strip().lower(), item.provenance or ""


def _protocol(item: Acquired) -> tuple[float, ...]:
    sizes = (item.instances, item.voxel_mm3, item.coverage_mm)
    return (float(item.series), item.axial, *(float(value) for value in np.log1p(sizes)))
