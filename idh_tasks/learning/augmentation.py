"""The images of an epoch: in an order that balances the classes, and each one rotated."""

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.backend import tf


def balanced_order(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a shuffled order in which images of the rarer class are repeated until both classes are equally large."""
    classes = [np.nonzero(y == label)[0] for label in (0, 1)]
    largest = max(map(len, classes))
    repeated = [np.concatenate([c, rng.choice(c, largest - len(c))]) for c in classes]
    return rng.permutation(np.concatenate(repeated))


def rotate(images: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
    """Rotate each image (n, size, size, 1) about its centre by bilinear interpolation, with zeros outside."""
    size = images.shape[1]
    centre = (size - 1) / 2
    angle = degrees * (np.pi / 180)
    cos, sin = tf.cos(angle), tf.sin(angle)
    zeros = tf.zeros_like(cos)
    rows = [
        cos, -sin, centre - (cos - sin) * centre,
        sin, cos, centre - (sin + cos) * centre,
        zeros, zeros,
    ]  # fmt: skip
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(rows, axis=1),
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
