"""InFlux: what each device of a home will use and cost over the next seven days, and how sure that is.

Names are imported when they are first used, so that `import influx` costs nothing. No module has the name of a public
function: importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from influx.core import __version__ as __version__

if TYPE_CHECKING:
    from influx.billing.costs import bill as bill
    from influx.core.errors import InputError as InputError
    from influx.forecasting import models as models
    from influx.forecasting.evaluation.backtest import backtest as backtest
    from influx.forecasting.evaluation.model_selection import compare as compare
    from influx.forecasting.evaluation.model_selection import select as select
    from influx.forecasting.features import features as features
    from influx.forecasting.forecast import forecast as forecast
    from influx.home.home import Home as Home
    from influx.home.home import load as load
    from influx.insights.forecast_review import review as review
    from influx.report import plots as plots
    from influx.report.run_folder import Run as Run
    from influx.scheduling.home_plan import plan as plan

_MODULE_OF = {
    "Home": "home.home",
    "InputError": "core.errors",
    "Run": "report.run_folder",
    "backtest": "forecasting.evaluation.backtest",
    "bill": "billing.costs",
    "compare": "forecasting.evaluation.model_selection",
    "features": "forecasting.features",
    "forecast": "forecasting.forecast",
    "load": "home.home",
    "models": "forecasting",
    "plan": "scheduling.home_plan",
    "plots": "report",
    "review": "insights.forecast_review",
    "select": "forecasting.evaluation.model_selection",
}
__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'influx' has no attribute {name!r}")
    module = f"influx.{_MODULE_OF[name]}"
    public = import_module(f"{module}.{name}") if name in ("models", "plots") else getattr(import_module(module), name)
    globals()[name] = public
    return public


def __dir__() -> list[str]:
    return sorted(__all__)
