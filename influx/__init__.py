"""InFlux: what each device of a home will use and cost over the next seven days, and how sure that is.

Names are imported when they are first used, so that `import influx` costs nothing. No module has the name of a public
function: importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from influx.core import __version__

if TYPE_CHECKING:
    from influx.billing.costs import bill
    from influx.core.errors import InputError
    from influx.forecasting import models
    from influx.forecasting.evaluation.backtest import backtest
    from influx.forecasting.evaluation.model_selection import compare, select
    from influx.forecasting.features import features
    from influx.forecasting.forecast import forecast
    from influx.home.home import Home, load
    from influx.insights.forecast_review import review
    from influx.report import plots
    from influx.report.run_folder import Run
    from influx.scheduling.home_plan import plan

__all__ = [
    "Home",
    "InputError",
    "Run",
    "__version__",
    "backtest",
    "bill",
    "compare",
    "features",
    "forecast",
    "load",
    "models",
    "plan",
    "plots",
    "review",
    "select",
]

_MODULES = {"models": "influx.forecasting.models", "plots": "influx.report.plots"}
_NAMES = {
    "Home": "influx.home.home",
    "InputError": "influx.core.errors",
    "Run": "influx.report.run_folder",
    "backtest": "influx.forecasting.evaluation.backtest",
    "bill": "influx.billing.costs",
    "compare": "influx.forecasting.evaluation.model_selection",
    "features": "influx.forecasting.features",
    "forecast": "influx.forecasting.forecast",
    "load": "influx.home.home",
    "plan": "influx.scheduling.home_plan",
    "review": "influx.insights.forecast_review",
    "select": "influx.forecasting.evaluation.model_selection",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        public = import_module(_MODULES[name])
    elif name in _NAMES:
        public = getattr(import_module(_NAMES[name]), name)
    else:
        raise AttributeError(f"module 'influx' has no attribute {name!r}")
    globals()[name] = public
    return public


def __dir__() -> list[str]:
    return sorted(__all__)
