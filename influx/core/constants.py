"""What more than one room counts on: lengths of time, how much must be known, and names that stand for more."""

WEEK = 168
"""Hours of a week: how far a forecast reaches, and the period with which a home repeats itself."""

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
"""Microseconds, in which all stamps are kept."""

KNOWN_SHARE = 0.75
"""Share of a span (an hour, a week) that must be known before the rest is scaled up: with less, a mean says little."""

HISTORY_DAYS = 365
"""How far back a model looks: a year holds every season once, and what lies behind it is another home's life."""

LEAST_DAYS, LEAST_HOURS = 14, WEEK // 2
"""Known days without which a device has no pattern (each weekday twice), and known hours that stand for a week."""

HOUSEHOLD = "household"
"""The device that stands for the whole home."""

OTHER = "other"
"""The device that stands for the energy of the home that no device explains."""

AGAIN = "again"
"""Stands for the week of a report that was never made: its forecast was made again now."""
