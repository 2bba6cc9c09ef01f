"""The content of stored objects, without the time at which they were written: one reader per file type."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np

Content = dict[str, Any]
"""The parts of an object by name: values, or hashes of arrays and bytes."""

NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-+−]?\d+)?(?!\w)")
"""Numbers that stand alone; digits inside an id are none."""
CODE = re.compile(r"\b[EW]_[A-Z_]+\b")
COUNTER = re.compile(r"_\d+$")
"""Keras numbers layers per process, so the number depends on what else the process has built."""
SHARED = re.compile(r'("shared_object_id": )(\d+)')
DATED = (".keras", ".dcm")
"""Endings of the objects whose bytes contain the time at which they were written."""
DRAWN = {"path": "d", "use": "x y", "image": "x y href xlink:href", "rect": "x y width height"}
"""Attributes of SVG elements whose values depend on the plotted numbers."""
PARTS = ("tr", "svg", "pre")
"""HTML elements of a report that are compared one by one."""


def content_of(key: str, body: bytes) -> Content:
    """Return the content of an object by the ending of its key; other types are represented by their hash."""
    return READERS.get(key.rpartition(".")[2], _bytes)(body)


def figures_in(text: str) -> list[str]:
    """Return the fault codes of a text, then its numbers; both in the order of the text."""
    return CODE.findall(text) + NUMBER.findall(text)


def _bytes(body: bytes) -> Content:
    return {"bytes": hashlib.sha256(body).hexdigest()}


def _array(array: Any) -> str:
    values = np.ascontiguousarray(array)
    return f"{values.dtype.str} {list(values.shape)} {hashlib.sha256(values.tobytes()).hexdigest()}"


def _npy(body: bytes) -> Content:
    return {"array": _array(np.load(io.BytesIO(body), allow_pickle=False))}


def _zip(body: bytes) -> Content:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def _keras(body: bytes) -> Content:
    """Return the arrays and the configuration of a model."""
    import h5py

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        config = _renumbered(_without_counters(json.loads(archive.read("config.json"))))
        metadata = json.loads(archive.read("metadata.json"))
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    arrays: Content = {}
    weights.visititems(lambda name, item: arrays.update({name: _array(item[()])} if hasattr(item, "shape") else {}))
    return arrays | {"config": config, "keras": metadata["keras_version"]}


def _without_counters(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _without_counters(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_without_counters(value) for value in part]
    return COUNTER.sub("", part) if isinstance(part, str) else part


def _renumbered(config: Any) -> str:
    """Return a configuration as text in which shared objects are numbered by appearance, not by memory address."""
    numbers: dict[str, str] = {}
    text = json.dumps(config, sort_keys=True)
    return SHARED.sub(lambda match: match[1] + numbers.setdefault(match[2], str(len(numbers))), text)


def _json(body: bytes) -> Content:
    content: Content = json.loads(body)
    return content


def _manifest(body: bytes) -> Content:
    """Return the hash of each instance of a study by series, whatever version of the code made it."""
    series = json.loads(body)
    return {name: dict(item for part in series[name].values() for item in part.items()) for name in series}


def _csv(body: bytes) -> Content:
    return {f"line {n}": line for n, line in enumerate(csv.reader(io.StringIO(body.decode())), start=1)}


def _dicom(body: bytes) -> Content:
    """Return every element of a structured report by its path of keywords and item numbers, joined by dots."""
    from pydicom import dcmread

    return dict(_elements(dcmread(io.BytesIO(body))))


def _elements(ds: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for element in ds:
        name = f"{path}{element.keyword or element.tag}"
        if element.VR != "SQ":
            yield name, str(element.value)
            continue
        for number, item in enumerate(element.value):
            yield from _elements(item, f"{name}.{number}.")


class _Report(HTMLParser):
    """Collects the numbers of an HTML report per table row and figure, and the settings as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()
        self._part: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a part, or keep the numbers of an element of a figure."""
        if tag in PARTS:
            self._counts[tag] += 1
            self._part = f"{tag} {self._counts[tag]}"
            self.parts[self._part] = []
        elif self._part is not None and tag in DRAWN:
            values = dict(attrs)
            self.parts[self._part] += [tag, *(values.get(name) or "" for name in DRAWN[tag].split())]

    def handle_endtag(self, tag: str) -> None:
        """Close the part."""
        if tag in PARTS:
            self._part = None

    def handle_data(self, data: str) -> None:
        """Keep the numbers of a text, or all of it in the settings."""
        if self._part is None:
            return
        kept = data if self._part.startswith("pre") else " ".join(figures_in(data))
        self.parts[self._part] += [kept] if kept else []


def _html(body: bytes) -> Content:
    """Return the numbers that a report shows; a figure as the hash of everything it draws."""
    report = _Report()
    report.feed(body.decode())
    return {
        name: hashlib.sha256(" ".join(shown).encode()).hexdigest() if name.startswith("svg") else " | ".join(shown)
        for name, shown in report.parts.items()
    }


READERS: dict[str, Callable[[bytes], Content]] = {
    "npy": _npy,
    "zip": _zip,
    "keras": _keras,
    "json": _json,
    "manifest": _manifest,
    "csv": _csv,
    "dcm": _dicom,
    "html": _html,
}
