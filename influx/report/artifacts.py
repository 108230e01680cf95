"""What a run folder keeps beside its frames: models without pickle, notes, and the fingerprints of what made them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from functools import cache
from pathlib import Path

import pandas as pd

from influx.forecasting.models import Model
from influx.home.ingest import SETTINGS

_TRUSTED = [
    "influx.forecasting.models.regression.Regression",
    "influx.forecasting.models.similar_days_regressor.SimilarDays",
    "influx.forecasting.models.climatology.Climatology",
    "influx.forecasting.models.seasonal_naive.SeasonalNaive",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]
"""Types that skops does not know of itself. Only those of the learner that home.yaml names are trusted beside them."""


def keep_models(folder: Path, models: dict[tuple[str, str], Model]) -> None:
    """Write each model into a new `folder`; files are numbered in the order of `choice`, as names come from outside."""
    import skops.io  # half a second, which most steps need not spend

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, model in enumerate(models.values()):
        skops.io.dump(model, folder / f"{number:03d}.skops", compression=zipfile.ZIP_DEFLATED)


def open_models(folder: Path, choice: pd.DataFrame, learner: str = "") -> dict[tuple[str, str], Model]:
    """Read the models of a `choice` frame that were written by `keep_models` with a `learner` of home.yaml."""
    import skops.io

    keys = zip(choice["home_id"], choice["device_id"], strict=True)
    return {
        key: skops.io.load(file, trusted=_trusted(file, learner.partition(".")[0]))
        for key, file in zip(keys, sorted(folder.glob("*.skops")), strict=True)
    }


def _trusted(file: Path, package: str) -> list[str]:
    import skops.io

    own = [name for name in skops.io.get_untrusted_types(file=file) if package and name.startswith(f"{package}.")]
    return [*_TRUSTED, *own]


def files_of_home(data: Path) -> list[Path]:
    """Return the files of a home, oldest first as the newest one wins; a home.yaml beside a single file counts too."""
    files = [data, data.with_name(SETTINGS)] if data.is_file() else list(data.iterdir())
    return sorted((file for file in files if file.is_file()), key=lambda file: (file.stat().st_mtime_ns, file.name))


def fingerprint(files: list[Path]) -> str:
    """Return a hash of the names and the content of files, in their order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(os.fsencode(file.name) + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@cache
def code_of(project: Path) -> str:
    """Return the fingerprint of the code, taken once: whatever becomes of its files, this process goes on with it."""
    return fingerprint(sorted((project / "influx").rglob("*.py")))


def write_json(path: Path, content: object) -> None:
    """Write a JSON file that appears whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
    partial.replace(path)
