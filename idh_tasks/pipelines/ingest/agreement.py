"""What the images of one study agree on, in whatever order its files came; outlines do not take part."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from pydicom import Dataset

from idh_tasks.dicom.dates import parse_date
from idh_tasks.intake.naming.series import OUTLINES


def is_image(header: Dataset) -> bool:
    """Return whether an instance is an image; programs that draw outlines copy little of what the images state."""
    return header.SOPClassUID not in OUTLINES


def text(header: Dataset, keyword: str) -> str:
    """Return the text of an attribute, empty if it is not stated."""
    return str(header.get(keyword) or "").strip()


def stated_texts(headers: Iterable[Dataset], keyword: str) -> set[str]:
    """Return the different texts of an attribute; headers that lack it do not count."""
    return {text(header, keyword) for header in headers} - {""}


def stated_dates(headers: Iterable[Dataset], keyword: str) -> set[date]:
    """Return the different valid dates of an attribute; headers that lack one do not count."""
    return {day for header in headers if (day := parse_date(header.get(keyword))) is not None}


def most_stated(headers: Sequence[Dataset], keyword: str) -> str:
    """Return the text that most headers state, of several equally frequent ones the first in order; or empty."""
    counts = Counter(text(header, keyword) for header in headers)
    del counts[""]
    return min(counts, key=lambda value: (-counts[value], value), default="")
