"""mlforecast: one LightGBM for all series of a case, recursive, with conformal bands.

The model of its tutorial on load, with the lags of a day and a week. Of the two differences there none is taken, and
each series is scaled instead, as its guide to global models says: here that loses less.
"""

from __future__ import annotations

import pandas as pd
from contract import filled, frame, from_first, main
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExpandingMean, RollingMean
from mlforecast.target_transforms import LocalStandardScaler
from mlforecast.utils import PredictionIntervals

WINDOWS = 10
"""Past horizons whose errors are the band."""


def forecast(history: pd.DataFrame, hours: pd.DatetimeIndex) -> dict[str, pd.DataFrame | str]:
    long = pd.concat({name: filled(from_first(history[name])) for name in history}, names=["unique_id", "ds"])
    model = MLForecast(
        models={"lgbm": LGBMRegressor(verbosity=-1, random_state=42, n_jobs=1)},
        freq="h",
        target_transforms=[LocalStandardScaler()],
        lags=[1, 2, 3, 24, 48, 168],
        lag_transforms={1: [ExpandingMean()], 24: [RollingMean(window_size=48)]},
        date_features=["month", "hour", "dayofweek"],
    )
    errors = PredictionIntervals(n_windows=WINDOWS, h=len(hours))
    model.fit(long.rename("y").reset_index(), prediction_intervals=errors)
    said = model.predict(len(hours), level=[80]).groupby("unique_id")
    return {
        str(name): frame(hours, own["lgbm-lo-80"], own["lgbm"], own["lgbm-hi-80"], own["lgbm"]) for name, own in said
    }


if __name__ == "__main__":
    main(forecast, ["mlforecast", "lightgbm"])
