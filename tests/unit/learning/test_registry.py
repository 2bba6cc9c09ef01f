"""Only files that we wrote ourselves are loaded, checked by hash; code in a file is never run."""

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.network import build_network
from idh_tasks.learning.registry import load_model, model_bytes
from idh_tasks.settings import LearningSettings


@pytest.fixture(scope="module")
def content() -> bytes:
    return model_bytes(build_network(64, LearningSettings()))


def code(content: bytes, registered: str | None = None) -> str:
    """Return the code with which a file is refused; by default it is registered with its own hash."""
    with pytest.raises(RunRefusedError) as caught:
        load_model(content, registered or sha256(content).hexdigest())
    return caught.value.code


def changed(content: bytes, entry: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the archive with one entry changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == entry else old.read(name))
    return out.getvalue()


def with_weights(content: bytes, change: Callable[[h5py.File], None]) -> bytes:
    def rewritten(weights: bytes) -> bytes:
        buffer = io.BytesIO(weights)
        with h5py.File(buffer, "r+") as file:
            change(file)
        return buffer.getvalue()

    return changed(content, "model.weights.h5", rewritten)


def test_r03_none_of_a_thousand_files_with_a_flipped_bit_is_loaded(content: bytes) -> None:
    registered, rng = sha256(content).hexdigest(), np.random.default_rng(3)
    for place in rng.integers(0, len(content) * 8, 1000):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << (place % 8)
        assert code(bytes(flipped), registered) == "E_HASH"


@pytest.mark.parametrize("name", ["Lambda", "TFSMLayer", "EvilLayer"])
def test_r04_a_layer_that_could_run_code_is_refused(content: bytes, name: str) -> None:
    def with_layer(config: bytes) -> bytes:
        parsed = json.loads(config)
        parsed["config"]["layers"][3]["class_name"] = name
        return json.dumps(parsed).encode()

    assert code(changed(content, "config.json", with_layer)) == "E_FORMAT"


def test_r04_a_layer_of_a_foreign_module_is_refused_and_its_code_is_not_run(content: bytes, tmp_path: Path) -> None:
    def foreign(config: bytes) -> bytes:
        parsed = json.loads(config)
        parsed["config"]["layers"][3] |= {"module": "os", "class_name": "system", "registered_name": "system"}
        return json.dumps(parsed).encode()

    assert code(changed(content, "config.json", foreign)) == "E_FORMAT"


def test_r05_other_formats_are_refused(tmp_path: Path) -> None:
    network = build_network(64, LearningSettings())
    network.save(tmp_path / "model.h5")
    for other in ((tmp_path / "model.h5").read_bytes(), b"\x80\x04N.", b"", b"PK\x03\x04 broken"):
        assert code(other) == "E_FORMAT"
    saved_model = io.BytesIO()
    with zipfile.ZipFile(saved_model, "w") as archive:
        archive.writestr("saved_model.pb", b"")
    assert code(saved_model.getvalue()) == "E_FORMAT"


def test_r06_weights_in_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = [1.0]

    def linked(file: h5py.File) -> None:
        file["stolen"] = h5py.ExternalLink(str(secret), "x")

    def outside(file: h5py.File) -> None:
        file.create_dataset("raw", (4,), dtype="f4", external=[(str(secret), 0, 16)])

    assert code(with_weights(content, linked)) == "E_FORMAT"
    assert code(with_weights(content, outside)) == "E_FORMAT"


def test_r06_decompression_bombs_are_refused_before_anything_is_unpacked(content: bytes) -> None:
    def huge(file: h5py.File) -> None:
        file.create_dataset("bomb", (10**6, 10**6), dtype="f4", chunks=(1000, 1000), compression="gzip")

    assert code(with_weights(content, huge)) == "E_FORMAT"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"\0" * 2**27 if name == "model.weights.h5" else old.read(name))
    assert code(out.getvalue()) == "E_FORMAT"


def test_r07_weights_that_are_not_finite_are_refused() -> None:
    network: keras.Model = build_network(64, LearningSettings())
    network.layers[1].set_weights([np.full_like(w, np.nan) for w in network.layers[1].get_weights()])
    assert code(model_bytes(network)) == "E_NONFINITE"
