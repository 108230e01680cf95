"""skforecast: a recursive LightGBM a series, its band bootstrapped from errors on weeks held back, as in its guide."""

from __future__ import annotations

import pandas as pd
from contract import WEEK, each, filled, frame, main
from lightgbm import LGBMRegressor
from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
from skforecast.preprocessing import CalendarFeatures, RollingFeatures
from skforecast.recursive import ForecasterRecursive

HELD_BACK = 8 * WEEK


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    energy = filled(history)
    model = ForecasterRecursive(
        LGBMRegressor(verbosity=-1, random_state=42, n_jobs=1),
        lags=[1, 2, 3, 23, 24, 25, 167, 168, 169],
        window_features=RollingFeatures(stats=["mean"], window_sizes=[72]),
        calendar_features=CalendarFeatures(features=["month", "day_of_week", "hour"], encoding="cyclical"),
    )
    folds = TimeSeriesFold(steps=len(hours), initial_train_size=len(energy) - HELD_BACK, refit=False)
    _, past = backtesting_forecaster(model, energy, folds, metric="mean_absolute_error", n_jobs=1, show_progress=False)
    model.fit(energy)
    model.set_out_sample_residuals(energy.loc[past.index], past["pred"])
    said = model.predict_quantiles(len(hours), quantiles=[0.1, 0.5, 0.9], use_in_sample_residuals=False)
    return frame(hours, said["q_0.1"], said["q_0.5"], said["q_0.9"], model.predict(len(hours)))


if __name__ == "__main__":
    main(each(forecast), ["skforecast", "lightgbm"])
