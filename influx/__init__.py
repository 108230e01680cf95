"""InFlux: what each device of a home will use and cost over the next seven days, and how sure that is.

Names are imported when they are first used, so that `import influx` costs nothing. No module has the name of a public
function: importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influx.backtesting import backtest
    from influx.errors import InputError
    from influx.forecasting import forecast
    from influx.home import Home, load
    from influx.runs import Run

__version__ = "0.1.0"
__all__ = ["Home", "InputError", "Run", "backtest", "forecast", "load"]

_ROOMS = {
    "Home": "influx.home",
    "InputError": "influx.errors",
    "Run": "influx.runs",
    "backtest": "influx.backtesting",
    "forecast": "influx.forecasting",
    "load": "influx.home",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'influx' has no attribute {name!r}")
    found = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
