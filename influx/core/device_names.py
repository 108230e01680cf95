"""Names that more than one room uses: devices that stand for more than themselves, and models as pages call them."""

HOUSEHOLD = "household"
"""The device that stands for the whole home."""

OTHER = "other"
"""The device that stands for the energy of the home that no device explains."""

NAMES = {
    "climatology": "climatology",
    "kernel": "similar days",
    "direct": "the direct model",
    "blend": "the blend",
    "seasonal_naive": "last week again",
    "gradient_boosting": "gradient boosting",
}
"""The models as a page calls them."""
