"""Builds the networks of deepbet for ONNX Runtime from the weights in its wheel, without PyTorch.

The wheel holds two TorchScript archives of one architecture (LinkNet in 3D: L. Fisch et al., Comput Biol Med 2024, doi
10.1016/j.compbiomed.2024.108845). An archive is a zip with one file of raw float32 per parameter, numbered in the order
of the layers. Its pickle and its code are never read: the checksum fixes which layers the numbers belong to.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError

OPSET, IR_VERSION = 17, 8
EPSILON = 1e-5
"""Added to the variance by instance normalisation, PyTorch's default."""
CHECKSUMS = {
    "bbox_model": "39a7b2b5f799faa1391ea97bfcdc0b9299f20d84f2316a4ff8918dc4685e40aa",
    "model": "de8ee7c69654d0dd3935dc4a5d84571d8ecf4637a6bfc01df399c4c2bc86e0fd",
}
"""SHA-256 of the archives in deepbet 1.0.2."""
PARAMETERS = 38
Weights = NDArray[np.float32]
TAPS = {2: np.eye(2)[:, None], 3: np.array([[[0, 1, 0], [0, 0, 0]], [[0, 0, 1], [1, 0, 0]]])}
"""By size of the kernel: which of its weights an even and an odd voxel of the output take from which neighbour."""


@lru_cache(maxsize=2)
def session(name: str) -> onnxruntime.InferenceSession:
    """Return a network; it maps an image of shape (1, 1, x, y, z) to the probability of brain, of the same shape.

    Parameters
    ----------
    name
        ``bbox_model`` or ``model``.

    Raises
    ------
    RunRefusedError
        ``E_PLUGIN`` if the weights of deepbet 1.0.2 are not installed.
    """
    options = onnxruntime.SessionOptions()
    # One core per worker; and memory goes back to the system, for the worker has other work to do afterwards.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    model = _Layers(_parameters(name)).model()
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _parameters(name: str) -> Iterator[bytes]:
    """Yield the raw parameters of a network in the order of its layers."""
    with zipfile.ZipFile(BytesIO(_archive(name))) as archive:
        root = archive.namelist()[0].partition("/")[0]
        for number in range(PARAMETERS):
            yield archive.read(f"{root}/data/{number}")


def _archive(name: str) -> bytes:
    try:
        content = Path(str(distribution("deepbet").locate_file(f"data/models/{name}.pt"))).read_bytes()
    except (PackageNotFoundError, FileNotFoundError):
        content = b""
    if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
        raise RunRefusedError(Code.E_PLUGIN, "the weights of deepbet 1.0.2 are not installed: run `make setup`")
    return content


class _Layers:
    """Appends layers to a graph; each method takes the name of its input and returns that of its output."""

    def __init__(self, parameters: Iterator[bytes]) -> None:
        self._parameters = parameters
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []

    def model(self) -> ModelProto:
        """Return the whole network."""
        stem = self.pool(self.conv("image", (16, 1, 7), stride=2))
        levels = [self.down(stem, 16, 16)]
        for width in (32, 64, 128):
            levels.append(self.down(levels[-1], width // 2, width))
        x = levels.pop()
        for wide, narrow in ((128, 64), (64, 32), (32, 16)):
            x = self.op("Add", [self.up(x, wide, narrow, stride=2), levels.pop()])
        x = self.op("Add", [self.up(x, 16, 16, stride=1), stem])
        brain = self.brain(self.transposed(x, (16, 8, 3), stride=2, bias=True))
        return self._finished(brain)

    def down(self, x: str, narrow: int, wide: int) -> str:
        """Two residual blocks; the first halves the resolution if it changes the number of channels."""
        return self.residual(self.residual(x, narrow, wide), wide, wide)

    def residual(self, x: str, narrow: int, wide: int) -> str:
        stride = 1 if narrow == wide else 2
        inner = self.conv(x, (wide, narrow, 3), stride)
        inner = self.conv(inner, (wide, wide, 3), activate=False)
        same = x if narrow == wide else self.conv(x, (wide, narrow, 1), stride, activate=False)
        return self.op("Relu", [self.op("Add", [inner, same])])

    def up(self, x: str, wide: int, narrow: int, stride: int) -> str:
        middle = wide // 4
        x = self.conv(x, (middle, wide, 1))
        return self.conv(self.transposed(x, (middle, middle, 3), stride), (narrow, middle, 1))

    def brain(self, x: str) -> str:
        """The last layers: the probability of brain at full resolution.

        The softmax of the two classes, background and brain, is the logistic function of their difference.
        """
        x = self.conv(x, (8, 8, 3), bias=True)
        weights, bias = self.parameter((8, 2, 2, 2, 2)), self.parameter((2,))
        return self.op("Sigmoid", [self.doubled(x, np.diff(weights, axis=1), np.diff(bias))])

    def conv(
        self, x: str, size: tuple[int, int, int], stride: int = 1, *, activate: bool = True, bias: bool = False
    ) -> str:
        out, channels, kernel = size
        weights = [self.weight((out, channels, kernel, kernel, kernel))] + ([self.weight((out,))] if bias else [])
        x = self.op("Conv", [x, *weights], pads=[kernel // 2] * 6, strides=[stride] * 3)
        return self.normalised(x, out, activate)

    def transposed(self, x: str, size: tuple[int, int, int], stride: int, *, bias: bool = False) -> str:
        channels, out, kernel = size
        weights = self.parameter((channels, out, kernel, kernel, kernel))
        shift = self.parameter((out,)) if bias else np.zeros(out, dtype=np.float32)
        if stride == 2:
            return self.normalised(self.doubled(x, weights, shift), out, True)
        mirrored = np.ascontiguousarray(weights[:, :, ::-1, ::-1, ::-1].swapaxes(0, 1))
        convolved = self.op("Conv", [x, self.constant(mirrored), self.constant(shift)], pads=[kernel // 2] * 6)
        return self.normalised(convolved, out, True)

    def doubled(self, x: str, weights: Weights, shift: Weights) -> str:
        """Transposed convolution of stride 2, whose own kernel in ONNX Runtime is slow.

        Each of the eight voxels that one voxel becomes is a convolution of its own, with a part of the weights.
        """
        taps = TAPS[weights.shape[-1]]
        parts = np.einsum("ioabc,zsa,ytb,xuc->zyxoistu", weights, taps, taps, taps)
        kernel, out = taps.shape[1], weights.shape[1]
        stacked = self.constant(np.ascontiguousarray(parts.reshape(8 * out, -1, *[kernel] * 3), dtype=np.float32))
        convolved = self.op("Conv", [x, stacked, self.constant(np.tile(shift, 8))], pads=[0] * 3 + [kernel - 1] * 3)
        size = self.op("Shape", [x], start=2)
        twice = self.op("Mul", [size, self.constant(np.array([2]))])
        apart, together = (self.constant(np.array(start)) for start in ([2, 2, 2, out], [1, out]))
        split = self.op("Reshape", [convolved, self.op("Concat", [apart, size], axis=0)])
        woven = self.op("Transpose", [split], perm=[3, 4, 0, 5, 1, 6, 2])
        return self.op("Reshape", [woven, self.op("Concat", [together, twice], axis=0)])

    def normalised(self, x: str, channels: int, activate: bool) -> str:
        scale = [self.constant(value(channels, dtype=np.float32)) for value in (np.ones, np.zeros)]
        x = self.op("InstanceNormalization", [x, *scale], epsilon=EPSILON)
        return self.op("Relu", [x]) if activate else x

    def pool(self, x: str) -> str:
        return self.op("MaxPool", [x], kernel_shape=[3] * 3, strides=[2] * 3, pads=[1] * 6)

    def op(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, shape: tuple[int, ...]) -> str:
        return self.constant(self.parameter(shape))

    def parameter(self, shape: tuple[int, ...]) -> Weights:
        return np.frombuffer(next(self._parameters), dtype="<f4").reshape(shape)

    def constant(self, values: NDArray[Any]) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name

    def _finished(self, output: str) -> ModelProto:
        shape = [1, 1, None, None, None]
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("image", output)]
        graph = helper.make_graph(self._nodes, "deepbet", ends[:1], ends[1:], self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
