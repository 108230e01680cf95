"""Names that more than one room uses: devices that stand for more than themselves."""

HOUSEHOLD = "household"
"""The device that stands for the whole home."""

OTHER = "other"
"""The device that stands for the energy of the home that no device explains."""
