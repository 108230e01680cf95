"""mlforecast: one LightGBM for all series of a case, recursive, with conformal bands, as its tutorial on load does it.

Of the tutorial's two differences (a day, a week) none is taken: a device that is mostly off is better left as it is.
"""

from __future__ import annotations

import pandas as pd
from contract import WEEK, filled, frame, from_first, main
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExpandingMean, RollingMean
from mlforecast.utils import PredictionIntervals
import os
V = os.environ.get("V", "0")
from mlforecast.target_transforms import Differences, LocalStandardScaler

WINDOWS = int(os.environ.get("W","4"))


def forecast(history: pd.DataFrame, hours: pd.DatetimeIndex) -> dict[str, pd.DataFrame | str]:
    long = [pd.DataFrame({"unique_id": name, "y": filled(from_first(history[name]))}) for name in history]
    table = pd.concat([part.rename_axis("ds").reset_index() for part in long], ignore_index=True)
    tt = {"0": None, "1": [Differences([24, 168])], "2": [LocalStandardScaler()], "3": [Differences([24])],"4":[Differences([168])]}[V]
    model = MLForecast(
        models={"lgbm": LGBMRegressor(verbosity=-1, random_state=42, n_jobs=1)},
        freq="h",
        target_transforms=tt,
        lags=[1, 12, 24] if V == "1" else eval(os.environ.get("L","[1,2,3,24,48,168]")),
        lag_transforms={1: [ExpandingMean()], 24: [RollingMean(window_size=48)]},
        date_features=["month", "hour", "dayofweek"],
    )
    model.fit(table, prediction_intervals=PredictionIntervals(n_windows=WINDOWS, h=len(hours)))
    said = dict(tuple(model.predict(len(hours), level=[80]).groupby("unique_id")))
    out = {}
    for name, part in said.items():
        out[name] = frame(hours, part["lgbm-lo-80"], part["lgbm"], part["lgbm-hi-80"], part["lgbm"])
    return out


if __name__ == "__main__":
    main(forecast, ["mlforecast", "lightgbm"])
