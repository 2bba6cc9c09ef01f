"""Compares proposed outlines with expert masks of real patients: `python -m tools.outline_report FOLDER`.

The folder holds one folder per patient with `*_t2`, `*_flair`, `*_t1ce` and `*_seg.nii.gz` on one grid, skull-stripped.
"""

import sys
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging import files
from idh_tasks.imaging.proposal import ProposalImages, propose_tumour


def overlap(first: Mask, second: Mask) -> float:
    """Return the Dice coefficient of two masks."""
    return 2 * float((first & second).sum()) / max(1.0, float(first.sum() + second.sum()))


def hd95_mm(first: Mask, second: Mask, spacing_zyx: tuple[float, ...]) -> float:
    """Return the 95th percentile of the distances between two surfaces, the larger of both directions."""
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in (first, second)]
    distances = [ndimage.distance_transform_edt(~surface, sampling=spacing_zyx) for surface in surfaces]
    return float(max(np.percentile(distances[1][surfaces[0]], 95), np.percentile(distances[0][surfaces[1]], 95)))


def widest(mask: Mask) -> int:
    """Return the index of the slice with the largest area."""
    return int(mask.sum(axis=(1, 2)).argmax())


def rectangle(mask: Mask) -> Mask:
    """Return the bounding rectangle of the widest slice."""
    box = np.zeros(mask.shape[1:], dtype=bool)
    box[ndimage.find_objects(mask[widest(mask)].astype(np.int8))[0]] = True
    return box


def line(folder: Path) -> str:
    """Return Dice, HD95, slices between the widest ones, IoU of their rectangles, confidence and time."""
    volumes = {n: files.read_volume(next(folder.glob(f"*_{n}.nii.gz"))) for n in ("t2", "flair", "t1ce", "seg")}
    t2, expert, spacing = volumes["t2"].voxels, volumes["seg"].voxels > 0, volumes["t2"].geometry.spacing_mm
    start = time.process_time()
    try:
        proposal = propose_tumour(ProposalImages(t2, volumes["flair"].voxels, volumes["t1ce"].voxels), t2 > 0, spacing)
    except SeriesRejectedError as error:
        return f"{folder.name}  {error.code}"
    seconds, mask = time.process_time() - start, proposal.mask
    boxes = rectangle(mask), rectangle(expert)
    shared = float((boxes[0] & boxes[1]).sum()) / float((boxes[0] | boxes[1]).sum())
    return (
        f"{folder.name}  Dice {overlap(mask, expert):.2f}  HD95 {hd95_mm(mask, expert, spacing[::-1]):.1f} mm  "
        f"slices {abs(widest(mask) - widest(expert))}  IoU {shared:.2f}  "
        f"confidence {proposal.confidence:.2f}  {seconds:.1f} s"
    )


def main(root: Path) -> None:
    """Print one line per patient."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        sys.stdout.write(f"{line(folder)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
