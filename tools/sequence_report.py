"""Sequence identification on real tables, as a confusion matrix: `make sequences`.

The rows of the tables beside the checkout are turned into headers. Rows with timings state their sequence. Series names
were labelled by hand; the labels are stored here under a hash of the name, since the tables are not part of the
checkout.
"""

import csv
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from pydicom import Dataset

from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.acquisition import read_acquisition
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import conclude, identification
from idh_tasks.intake.naming.study import StudySeries, decide

COLUMNS = {"T1": "T1", "T1GD": "MPRAGE", "T2": "T2", "FLAIR": "FLAIR", "DTI": "DWI", "DSC": "DSC"}
VALUES = {"RepetitionTime": "Repetition Time", "EchoTime": "Echo Time", "InversionTime": "Inversion Time",
          "FlipAngle": "Flip Angle", "SliceThickness": "Slice Thickness"}  # fmt: skip
LABELS = Path(__file__).parent / "data" / "series_name_labels.csv"
CLASSES = ("T1", "T1C", "T2", "FLAIR", "MPRAGE", "DWI", "ADC", "DSC", "RCBV", "OTHER")


def timing_rows(tables: Path) -> Iterator[tuple[str, Dataset]]:
    """Yield the sequence of each series, and a header with its timing and what every scanner adds to it."""
    with (tables / "upenn_gbm_acquisition.csv").open() as file:
        for row in csv.DictReader(file):
            for column, sequence in COLUMNS.items():
                if row.get(f"{column} Repetition Time"):
                    ds = _header(row, column)
                    # A T1 after contrast that is no 3D gradient echo is not the protocol's MPRAGE.
                    yield "T1C" if sequence == "MPRAGE" and ds.MRAcquisitionType == "2D" else sequence, ds


def _header(row: dict[str, str], column: str) -> Dataset:
    ds = Dataset()
    for keyword, name in VALUES.items():
        if value := row.get(f"{column} {name}"):
            setattr(ds, keyword, value)
    ds.PixelSpacing = row[f"{column} Pixel Spacing"].split("\\")
    gradient = column in ("T1", "T1GD") and float(ds.FlipAngle) < 60
    ds.ScanningSequence = "EP" if column in ("DTI", "DSC") else "GR" if gradient else "SE"
    ds.MRAcquisitionType = "3D" if gradient else "2D"
    if column in ("T1GD", "DSC"):
        ds.ContrastBolusAgent = "MAGNEVIST"
    if column == "DTI":
        ds.DiffusionBValue = 1000.0
    return ds


def name_rows(tables: Path) -> Iterator[tuple[str, Dataset]]:
    """Yield the label of each named series, and a header with nothing but its name and its place in a study."""
    with LABELS.open() as file:
        labels = {row["sha256"]: row["label"] for row in csv.DictReader(file)}
    with (tables / "idc_glioma_series.csv").open() as file:
        for row in csv.DictReader(file):
            ds = Dataset()
            ds.SeriesDescription = row["SeriesDescription"]
            ds.StudyDescription = f"{row['PatientID']} {row['StudyDate']}"
            yield labels[hashlib.sha256(row["SeriesDescription"].encode()).hexdigest()[:16]], ds


def confusion(rows: Iterator[tuple[str, Dataset]]) -> Counter[tuple[str, str, str]]:
    """Count label, answer and confidence; a row without a label counts only as answered or not."""
    studies: dict[str, list[tuple[str, Dataset]]] = defaultdict(list)
    for number, (label, ds) in enumerate(rows):
        studies[str(ds.get("StudyDescription") or number)].append((label, ds))
    return Counter(
        (label, identified.sequence.value, identified.confidence.value)
        for study in studies.values()
        for (label, _), identified in zip(study, _identified([ds for _, ds in study]), strict=True)
    )


def _identified(study: list[Dataset]) -> list[Identification]:
    return decide([StudySeries(_concluded(ds), read_acquisition([ds])) for ds in study])


def _concluded(ds: Dataset) -> Identification:
    """Return what name or timing indicates; intake never relies on a name alone."""
    physics = read_physics([ds])
    return identification(*conclude(physics), physics)


def rates(counts: Counter[tuple[str, str, str]]) -> tuple[float, float]:
    """Return the share of high-confidence answers that are correct, and the share of rows that got one."""
    certain = {key: n for key, n in counts.items() if key[2] == "high"}
    correct = sum(n for (label, answer, _), n in certain.items() if label == answer)
    return correct / max(sum(certain.values()), 1), sum(certain.values()) / max(counts.total(), 1)


def table(title: str, counts: Counter[tuple[str, str, str]]) -> str:
    """Return the confusion matrix of the high-confidence answers, and the rates."""
    labels = sorted({label for label, _, _ in counts})
    lines = [title, " " * 12 + "".join(f"{c:>8}" for c in (*CLASSES, "low"))]
    for label in labels:
        low = sum(n for (stated, _, confidence), n in counts.items() if stated == label and confidence == "low")
        cells = [counts[label, c, "high"] for c in CLASSES]
        lines.append(f"{label or '?':<12}" + "".join(f"{n or '·':>8}" for n in (*cells, low)))
    correct, answered = rates(counts)
    lines.append(f"correct among high confidence {correct:.2%}, answered with high confidence {answered:.2%}\n")
    return "\n".join(lines)


def main() -> None:
    """Print the matrices, one by one and together."""
    tables = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data") / "tables"
    timing, names = confusion(timing_rows(tables)), confusion(name_rows(tables))
    for title, counts in (("timing alone", timing), ("names alone", names), ("together", timing + names)):
        sys.stdout.write(table(title, counts) + "\n")


if __name__ == "__main__":
    main()
