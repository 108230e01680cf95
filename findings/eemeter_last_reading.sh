#!/bin/sh
# eemeter 4.1.1: `as_freq` drops the last reading of a meter.
#
# Expected: 48 hourly readings of 1 kWh are 48 kWh by the day, too; `as_freq` calls itself a way to up- or downsample.
# Seen:     47 kWh, without a warning, and the last day looks complete. Even to the frequency that the series has already
#           the last hour becomes unknown. A reading lasts until the next one's time, so the last one has no length; only
#           whoever appends a row without a value, as eemeter's own samples do, keeps it.
# For us:   before comparing with eemeter or OpenDSM, append the end of the last hour with NaN.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    eemeter==4.1.1 pandas==2.3.3 numpy==2.4.6 pytz==2026.6 scikit-fda==0.10.1 multimethod==2.1

"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import pandas as pd
from eemeter.eemeter.common.transform import as_freq

hours = pd.date_range("2024-01-01", periods=48, freq="h", tz="UTC")
meter = pd.Series(1.0, index=hours)
days, same = as_freq(meter, "D"), as_freq(meter, "h")
ended = pd.concat([meter, pd.Series([float("nan")], index=[hours[-1] + pd.Timedelta(hours=1)])])

print(f"eemeter {version('eemeter')}: 48 hourly readings, {meter.sum():g} kWh")
print(f"as_freq(meter, 'D'): {days.dropna().tolist()}, {days.sum():g} kWh")
print(f"as_freq(meter, 'h'): {same.sum():g} kWh, last hour {same.loc[hours[-1]]}")
print(f"with a last row without a value: {as_freq(ended, 'D').sum():g} kWh")

assert days.dropna().tolist() == [24.0, 23.0]
assert same.sum() == 47 and pd.isna(same.loc[hours[-1]])
assert as_freq(ended, "D").sum() == 48
PYTHON
