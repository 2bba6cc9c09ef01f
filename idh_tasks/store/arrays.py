"""Converts arrays to the bytes of `.npy` files and back."""

from io import BytesIO

import numpy as np

from idh_tasks.domain.volume import Float


def array_bytes(array: Float) -> bytes:
    """Return an array as the bytes of an .npy file."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_array(content: bytes) -> Float:
    """Return the array of an .npy file.

    Raises
    ------
    ValueError
        If the file is damaged or contains a pickle.
    """
    array: Float = np.load(BytesIO(content), allow_pickle=False)
    return array
