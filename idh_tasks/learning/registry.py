"""Model files in the .keras format; a file is loaded only if hash, archive, layers and weights are as we write them."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.backend import keras

ENTRIES = {"metadata.json", "config.json", "model.weights.h5"}
MAX_BYTES = 64 * 2**20
CLASSES = {"Functional", "InputLayer", "Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Flatten", "Dense",
           "DTypePolicy", "GlorotUniform", "Zeros", "Ones"}  # fmt: skip
MODULES = ("keras", "keras.layers", "keras.initializers", "keras.src.models.functional")


def model_bytes(model: keras.Model) -> bytes:
    """Return the model as the bytes of a .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_model(content: bytes, sha256: str) -> keras.Model:
    """Load a network from the bytes of a .keras file, without running any code of the file.

    Parameters
    ----------
    sha256
        The hash that was recorded when the model was registered.

    Raises
    ------
    RunRefusedError
        ``E_HASH`` if the bytes are not those that were registered, ``E_FORMAT`` if they are not a plain .keras file
        with the layers of our network, ``E_NONFINITE`` if a weight is not finite.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RunRefusedError(Code.E_HASH, "the model file does not have the registered hash; restore it from a backup")
    _check_archive(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception:  # Keras raises many types, and their text may quote the file
            raise _not_a_model("it cannot be read") from None
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise RunRefusedError(Code.E_NONFINITE, "the model has weights that are not finite")
    return model


def _not_a_model(reason: str) -> RunRefusedError:
    return RunRefusedError(Code.E_FORMAT, f"the model file is not a plain .keras file: {reason}")


def _check_archive(content: bytes) -> None:
    """Refuse whatever `model_bytes` does not write, before any library interprets it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if {entry.filename for entry in entries} != ENTRIES or len(entries) != len(ENTRIES):
                raise _not_a_model("it has other entries")
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise _not_a_model(f"it has more than {MAX_BYTES} bytes")
            _check_config(json.loads(archive.read("config.json")))
            _check_weights(archive.read("model.weights.h5"))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        raise _not_a_model("it is not an archive that this platform writes") from None


def _check_config(config: Any) -> None:
    """Refuse layers other than the network's: Lambda and TFSMLayer run code, and so may any foreign class."""
    for part in _objects(config):
        known = part["class_name"] in CLASSES and part.get("module") in MODULES
        if not known or part.get("registered_name") not in (None, "Functional"):
            raise _not_a_model("it has a layer that our network does not have")


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every serialised object of a configuration."""
    if isinstance(part, dict):
        if "class_name" in part and part["class_name"] != "__keras_tensor__":
            yield part
        for value in part.values():
            yield from _objects(value)
    elif isinstance(part, list):
        for value in part:
            yield from _objects(value)


def _check_weights(content: bytes) -> None:
    """Refuse links to other files, and arrays that are larger unpacked than in the file."""
    with h5py.File(io.BytesIO(content), "r") as file:
        if sum(_sizes(file)) > MAX_BYTES:
            raise _not_a_model("its weights are too large")


def _sizes(group: h5py.Group) -> Iterator[int]:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _not_a_model("its weights are in another file")
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _sizes(item)
        elif item.is_virtual or item.external:
            raise _not_a_model("its weights are in another file")
        else:
            yield int(np.prod(item.shape, dtype=np.float64)) * item.dtype.itemsize
