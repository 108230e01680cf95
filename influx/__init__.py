"""InFlux: what each device of a home will use and cost over the next seven days, and how sure that is.

Names are imported when they are first used, so that `import influx` costs nothing. No module has the name of a public
function: importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influx.core.errors import InputError
    from influx.forecasting import models
    from influx.forecasting.evaluation.backtest import backtest
    from influx.forecasting.evaluation.model_selection import compare, select
    from influx.forecasting.features import features
    from influx.forecasting.forecast import forecast
    from influx.home.home import Home, load
    from influx.report.run_folder import Run

__version__ = "0.1.0"
__all__ = ["Home", "InputError", "Run", "backtest", "compare", "features", "forecast", "load", "models", "select"]

_ROOMS = {
    "Home": "influx.home.home",
    "InputError": "influx.core.errors",
    "Run": "influx.report.run_folder",
    "backtest": "influx.forecasting.evaluation.backtest",
    "compare": "influx.forecasting.evaluation.model_selection",
    "features": "influx.forecasting.features",
    "forecast": "influx.forecasting.forecast",
    "load": "influx.home.home",
    "select": "influx.forecasting.evaluation.model_selection",
}
_MODULES = {"models": "influx.forecasting.models"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found = import_module(_MODULES[name])
    elif name in _ROOMS:
        found = getattr(import_module(_ROOMS[name]), name)
    else:
        raise AttributeError(f"module 'influx' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
