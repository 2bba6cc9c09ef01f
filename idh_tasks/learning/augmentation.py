"""What an epoch shows the network: a balanced order, and each image rotated."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def balanced_order(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a shuffled order in which the rarer class is repeated up to parity."""
    classes = [np.nonzero(y == label)[0] for label in (0, 1)]
    most = max(map(len, classes))
    repeated = [np.concatenate([c, rng.choice(c, most - len(c))]) for c in classes]
    return rng.permutation(np.concatenate(repeated))


def rotate(images: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
    """Rotate each image (n, s, s, 1) about its centre, bilinear, zeros outside."""
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
