"""What every room may use and which knows no room: settings, frames' schemas, local time, units, escaping, errors."""

import os
import zoneinfo

import tzdata

__version__ = "0.1.0"

# The pinned package tzdata comes before the system's time zones, which may be years old; PYTHONTZPATH before both.
if tzdata.IANA_VERSION and "PYTHONTZPATH" not in os.environ:
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
