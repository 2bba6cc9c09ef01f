"""TensorFlow and Keras, imported without the lines that TensorFlow writes on the way: Airflow shows them as errors."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Must be set before TensorFlow is first imported. Without a GPU it writes ERROR lines on every start; what really fails
# is raised.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

STDERR = 2


@contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold back what the process writes to its standard error, and write it after all if the block fails.

    TensorFlow's C++ libraries write to the file descriptor before their log level holds, so that neither
    `TF_CPP_MIN_LOG_LEVEL` nor `sys.stderr` silences them.
    """
    sys.stderr.flush()
    shown = os.dup(STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(shown, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(shown, STDERR)
            os.close(shown)


with held_back_stderr():
    import keras
    import tensorflow as tf
    from keras import layers

__all__ = ["keras", "layers", "tf"]
