"""statsforecast's MSTL with the seasons of a day and a week and AutoARIMA for the trend, as in its tutorial on load."""

from __future__ import annotations

import pandas as pd
from contract import each, filled, frame, main
from statsforecast.models import MSTL, AutoARIMA


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    model = MSTL(season_length=[24, 168], trend_forecaster=AutoARIMA())
    said = model.forecast(filled(history).to_numpy(), len(hours), level=[80])
    return frame(hours, said["lo-80"], said["mean"], said["hi-80"], said["mean"])


if __name__ == "__main__":
    main(each(forecast), ["statsforecast"])
