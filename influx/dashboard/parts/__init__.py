"""The parts of the page: each function takes a week and returns a widget."""

from influx.dashboard.parts.accuracy import accuracy
from influx.dashboard.parts.devices import devices
from influx.dashboard.parts.forecast import forecast
from influx.dashboard.parts.overview import overview
from influx.dashboard.parts.plan import plan

__all__ = ["accuracy", "devices", "forecast", "overview", "plan"]
