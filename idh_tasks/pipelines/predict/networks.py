"""The champions' networks, each loaded when it is first needed."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import ModelRecord
from idh_tasks.errors import RunRefusedError
from idh_tasks.store.objects import ObjectStore

if TYPE_CHECKING:
    from idh_tasks.learning.backend import keras


class Networks:
    """Networks of one task; a model id stands for the same bytes for ever."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._loaded: dict[str, keras.Model] = {}

    def probability(self, model: ModelRecord, patch: NDArray[np.float32]) -> float:
        """Return the probability of a mutation that a network gives a patch (size, size).

        Raises
        ------
        RunRefusedError
            ``E_NONFINITE`` if it is not finite, and as `load_model` raises it.
        """
        from idh_tasks.learning.training import probabilities

        of_mutant = float(probabilities(self._network(model), patch[np.newaxis])[0, 1])
        if not np.isfinite(of_mutant):
            raise RunRefusedError(Code.E_NONFINITE, f"model {model.model_id} gives non-finite probabilities")
        return of_mutant

    def _network(self, model: ModelRecord) -> "keras.Model":
        from idh_tasks.learning.registry import load_model

        if model.model_id not in self._loaded:
            self._loaded[model.model_id] = load_model(self._store.get(model.object_key), model.sha256)
        return self._loaded[model.model_id]
