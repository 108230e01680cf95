"""Prophet as it comes, with a band of 80 %: it finds the seasons of a day and a week by itself."""

from __future__ import annotations

import pandas as pd
from contract import each, frame, main
from prophet import Prophet


def forecast(history: pd.Series, hours: pd.DatetimeIndex) -> pd.DataFrame:
    learnt = Prophet(interval_width=0.8).fit(pd.DataFrame({"ds": history.index, "y": history.to_numpy()}), seed=42)
    said = learnt.predict(pd.DataFrame({"ds": hours}))
    return frame(hours, said["yhat_lower"], said["yhat"], said["yhat_upper"], said["yhat"])


if __name__ == "__main__":
    main(each(forecast), ["prophet"])
