"""statsforecast's ConformalSeasonalPool with a season of a day; level 0 of its interval is its median."""

from __future__ import annotations

import pandas as pd
from contract import each, filled, frame, main
from statsforecast.models import ConformalSeasonalPool


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    said = ConformalSeasonalPool(season_length=24, n_samples=1000).forecast(
        filled(history).to_numpy(), len(hours), level=[0, 80]
    )
    return frame(hours, said["lo-80"], said["lo-0"], said["hi-80"], said["mean"])


if __name__ == "__main__":
    main(each(forecast), ["statsforecast"])
