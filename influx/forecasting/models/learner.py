"""The learner of the direct model: any scikit-learn regressor, named by its dotted path in `home.yaml`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from influx.core.errors import InputError

DEFAULT = "sklearn.ensemble.HistGradientBoostingRegressor"
DEFAULT_SETTINGS = {"max_iter": 60, "max_leaf_nodes": 8, "min_samples_leaf": 40, "early_stopping": False}


class Learner(NamedTuple):
    """A regressor by its dotted path, such as `lightgbm.LGBMRegressor`, and the keyword arguments that make it."""

    path: str = DEFAULT
    settings: tuple[tuple[str, Any], ...] = tuple(DEFAULT_SETTINGS.items())

    @classmethod
    def of(cls, path: str | None, settings: Mapping[str, Any] | None = None) -> Learner:
        """Return the learner that is named; None is the default one. Without settings, only that one has some."""
        if not settings:
            settings = DEFAULT_SETTINGS if path in (None, DEFAULT) else {}
        return cls(path or DEFAULT, tuple(settings.items()))

    def make(self) -> Any:
        """Return a new regressor, seeded, on one core and silent where it can be told so.

        Raises
        ------
        InputError
            There is no such class, it has no `fit` and `predict`, or it refuses its settings.
        """
        kind, given = self._kind(), dict(self.settings)
        quiet = {"random_state": 0, "n_jobs": 1, "verbosity": -1 if self.path.startswith("lightgbm.") else 0}
        try:
            model = kind(**given)
            takes = model.get_params()
            return model.set_params(
                **{name: value for name, value in quiet.items() if name in takes and name not in given}
            )
        except (TypeError, ValueError) as error:
            raise InputError(f"learner_settings: {self.path} refuses them: {error}. Mend home.yaml.") from error

    def _kind(self) -> Any:
        package, _, name = self.path.rpartition(".")
        try:
            kind = getattr(importlib.import_module(package), name)
        except (ImportError, ValueError, AttributeError) as error:
            raise InputError(
                f"learner: {self.path!r} cannot be imported ({error}). Name a class such as "
                "sklearn.ensemble.RandomForestRegressor, and install its package."
            ) from error
        if not inspect.isclass(kind) or not all(hasattr(kind, method) for method in ("fit", "predict", "get_params")):
            raise InputError(
                f"learner: {self.path!r} is no scikit-learn regressor: it lacks fit, predict or get_params."
            )
        return kind
