"""What every room may use and which knows no room: settings, frames' schemas, local time, units, escaping, errors."""

__version__ = "0.1.0"
