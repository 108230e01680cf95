#!/bin/sh
# demandlib 0.2.2: making a standard load profile turns every later warning of the process into an error.
#
# Expected: `ElecSlp(2024)`, the German standard load profiles, computes a frame and leaves everything else as it was.
# Seen:     from then on `warnings.warn` raises, whoever calls it: a filter "error" for all warnings stays in front. What
#           had only warned before, in any other library, now breaks off. With pandas 3.1 demandlib even meets its own
#           filter (pandas deprecates `inplace`), and the profile cannot be made at all.
# For us:   make such profiles inside `warnings.catch_warnings()`, with pandas 2, or in a process of their own.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check demandlib==0.2.2 pandas==2.3.3 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

from demandlib import bdew


def outcome() -> str:
    try:
        warnings.warn("a note of another library")
    except UserWarning:
        return "raises"
    return "warns"


print(f"demandlib {version('demandlib')}, pandas {version('pandas')}")
before = outcome()
profile = bdew.ElecSlp(2024).get_scaled_profiles({"h0": 1000.0})
after = outcome()
print(f"before: a warning {before}; after a profile of {profile['h0'].sum():.0f} kWh was made: a warning {after}")
print(f"first filter now: {warnings.filters[0][:3]}")

assert (before, after) == ("warns", "raises")
assert warnings.filters[0][0] == "error" and warnings.filters[0][2] is Warning
PYTHON
