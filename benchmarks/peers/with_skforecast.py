"""skforecast: a recursive LightGBM a series, its band by conformal prediction on weeks held back, as its guide says."""

from __future__ import annotations

import pandas as pd
from contract import WEEK, each, filled, frame, main
from lightgbm import LGBMRegressor
from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
from skforecast.preprocessing import CalendarFeatures, RollingFeatures
from skforecast.recursive import ForecasterRecursive
import os
M = os.environ.get("M", "conformal")
CALIBRATION = 8 * WEEK


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    energy = filled(history)
    model = ForecasterRecursive(
        LGBMRegressor(verbosity=-1, random_state=42, n_jobs=1),
        lags=[1, 2, 3, 23, 24, 25, 167, 168, 169],
        window_features=RollingFeatures(stats=["mean"], window_sizes=[72]),
        calendar_features=CalendarFeatures(features=["month", "day_of_week", "hour"], encoding="cyclical"),
    )
    folds = TimeSeriesFold(steps=len(hours), initial_train_size=len(energy) - CALIBRATION, refit=False)
    _, past = backtesting_forecaster(
        model, energy, folds, metric="mean_absolute_error", n_jobs=1, show_progress=False
    )
    model.fit(energy)
    model.set_out_sample_residuals(energy.loc[past.index], past["pred"])
    if M == "boot":
        said = model.predict_quantiles(len(hours), quantiles=[.1,.5,.9], use_in_sample_residuals=False)
        return frame(hours, said.iloc[:,0], said.iloc[:,1], said.iloc[:,2], model.predict(len(hours)))
    said = model.predict_interval(len(hours), method="conformal", interval=0.8, use_in_sample_residuals=False)
    return frame(hours, said["lower_bound"], said["pred"], said["upper_bound"], said["pred"])


if __name__ == "__main__":
    main(each(forecast), ["skforecast", "lightgbm"])
