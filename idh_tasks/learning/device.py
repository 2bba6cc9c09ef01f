"""The device that trains and predicts: its name, its precision, and its failures."""

from collections.abc import Iterator
from contextlib import contextmanager

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError
from idh_tasks.learning.backend import tf
from idh_tasks.settings import LearningSettings

# By default a GPU rounds factors to 10 bits (TF32); that our results hold with it has not been shown.
tf.config.experimental.enable_tensor_float_32_execution(False)


def training_device(settings: LearningSettings) -> str:
    """Return the kind of device that training will use.

    Raises
    ------
    TransientError
        ``E_GPU`` if a GPU is required and there is none; a retry may find it again.
    """
    if tf.config.list_physical_devices("GPU"):
        return "GPU"
    if settings.device == "gpu":
        raise TransientError(
            Code.E_GPU, "a GPU is asked for and there is none; repair it, or allow the CPU by IDH_LEARNING__DEVICE=any"
        )
    return "CPU"


@contextmanager
def device_failures(device: str) -> Iterator[None]:
    """Raise failures of the device as our own error.

    Raises
    ------
    TransientError
        ``E_GPU``.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, tf.errors.InternalError, tf.errors.UnknownError) as error:
        kind = type(error).__name__
        raise TransientError(
            Code.E_GPU, f"{device} failed ({kind}); check the device, or try a smaller batch size"
        ) from None
