"""InFlux: what each device of a home will use and cost over the next seven days, and how sure that is.

Names are imported when they are first used, so that `import influx` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influx.backtest import backtest
    from influx.errors import InputError
    from influx.forecast import forecast
    from influx.home import Home, load
    from influx.runs import Run

__version__ = "0.1.0"
__all__ = ["Home", "InputError", "Run", "backtest", "forecast", "load"]

_ROOMS = {
    "Home": "influx.home",
    "InputError": "influx.errors",
    "Run": "influx.runs",
    "backtest": "influx.backtest",
    "forecast": "influx.forecast",
    "load": "influx.home",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'influx' has no attribute {name!r}")
    found = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = found  # over the module of the same name, which the import has just set
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
