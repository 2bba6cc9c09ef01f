"""Model files: written as .keras, read back only in safe mode and with finite weights."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from idh_tasks.errors import RunRefusedError


def model_bytes(model: keras.Model) -> bytes:
    """Return the model as the bytes of a .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_model(content: bytes) -> keras.Model:
    """Load a network from the bytes of a .keras file whose hash has been checked.

    Raises
    ------
    RunRefusedError
        ``E_FORMAT`` if it is no plain .keras file, ``E_NONFINITE`` if a weight is no number.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except (ValueError, TypeError, OSError, KeyError):
            raise RunRefusedError("E_FORMAT", "the model file is not a plain .keras file") from None
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise RunRefusedError("E_NONFINITE", "the model holds weights that are no numbers")
    return model
