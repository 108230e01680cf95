"""The sentences that answer a page's question, each made of the frames beneath it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import WEEK
from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD, OTHER
from influx.home.home import Home
from influx.report.run_folder import Frames, Run
from influx.report.words import absences, costs


def read(home: Home) -> str:
    """Say what was read and what became of it."""
    rows = home.reconciliation
    used, seen = int(rows["rows_used"].sum()), int(rows["rows_read"].sum())
    bad, later = int(rows["rows_rejected"].sum()), int(rows["rows_after_as_of"].sum())
    ends = [home.readings["timestamp"].min(), home.origin - pd.Timedelta(hours=1)]
    wall = local(pd.DatetimeIndex(ends), home.settings.timezone)
    parts = [f"{used:,} of {seen:,} rows were used".replace(",", fmt.THIN_SPACE)]
    parts.append(
        "none was rejected" if not bad else f"{bad} {'was' if bad == 1 else 'were'} rejected, each with a reason"
    )
    if later:
        parts.append(f"{later:,} lie after the as-of time".replace(",", fmt.THIN_SPACE))
    devices = home.readings.loc[home.readings["device_id"] != HOUSEHOLD, "device_id"].nunique()
    told = _devices(devices) if devices else "the home as a whole"
    return (
        f"**{fmt.listed(parts)}.** They tell of {told} from {fmt.day(wall[0])} {wall[0].year} to {fmt.day(wall[1])} "
        f"{wall[1].year}."
    )


def assumed(home: Home) -> str:
    """Say what had to be assumed, and what the data lacks."""
    return fmt.plain("Worth knowing: " + " ".join(home.notes)) if home.notes else "Nothing had to be assumed."


def known(completeness: pd.DataFrame) -> str:
    """Say how complete the hours are."""
    gaps = completeness[completeness["hours_missing"] > 0]
    if gaps.empty:
        return "Every hour of every device is known."
    worst = gaps.loc[gaps["share_known"].idxmin()]
    return (
        f"{len(gaps)} of {_devices(len(completeness))} {_have(len(gaps))} hours that are not known; most of all "
        f"{fmt.name(worst['device_id'])}, of which {_share(worst['share_known'])} are known. Such hours "
        "stay out of every mean; none is taken for zero."
    )


def _share(share: float) -> str:
    """Return a share that is not all of it, never rounded up to that."""
    return f"over 99{fmt.THIN_SPACE}%" if 0.995 <= share < 1 else fmt.percent(share)


def silent(run: Run) -> str:
    """Say which devices are not forecast because nothing was heard of them for four weeks; empty where none is."""
    home = run.home()
    forecast = set(run.forecast()["forecast"]["device_id"])
    gone = sorted(set(home.readings["device_id"]) - forecast)
    if not gone:
        return ""
    return (
        f"{fmt.listed([fmt.name(one) for one in gone])} {_have(len(gone))} had no known hour for four weeks and "
        f"{'is' if len(gone) == 1 else 'are'} not forecast."
    )


def use(breakdown: pd.DataFrame) -> str:
    """Say where the energy goes."""
    used = breakdown[breakdown["kwh"] > 0]
    if used.empty:
        return "**Nothing was used in any hour that is known.**"
    top = [f"{fmt.name(row.device_id)} ({fmt.percent(row.share)})" for row in used.iloc[:3].itertuples()]
    goes = f"most of it goes to {fmt.listed(top)}"
    if breakdown["device_id"].iloc[0] == HOUSEHOLD:
        goes = "no device of it is measured on its own"
    words = f"**The home uses {fmt.kwh(float(breakdown['kwh_per_day'].sum()))} a day; {goes}.**"
    standby = breakdown["standby_kwh_per_day"]
    if standby.notna().any():
        words += f" Standby is estimated at {fmt.kwh(float(standby.sum()))} a day on top; it is not measured."
    if (breakdown["device_id"] == OTHER).any():
        words += " `other` is what the home's meters saw and no device explains."
    return words


def drives(drivers: pd.DataFrame) -> str:
    """Say what use goes with, where a relation is clear."""
    clear = drivers[(drivers["temperature"].abs() >= 0.4) & (drivers["temperature_p"] < 0.01)]
    parts = []
    if drivers["temperature"].isna().all():
        parts.append("No outdoor temperature is in the data, so nothing is said about the weather.")
    elif clear.empty:
        parts.append("No device follows the outdoor temperature clearly.")
    else:
        parts += _with_temperature(clear)
    whole = drivers[drivers["device_id"] == HOUSEHOLD]
    if len(whole) and np.isfinite(whole["peak_share"].iloc[0]):
        row = whole.iloc[0]
        parts.append(
            f"{fmt.percent(row['peak_share'])} of the energy falls into peak hours, which are "
            f"{fmt.percent(row['peak_hours'])} of all hours."
        )
    return " ".join(parts)


def _with_temperature(clear: pd.DataFrame) -> list[str]:
    """Say of devices, or else of the household, whether their use rises or falls with the temperature."""
    devices = clear[clear["device_id"] != HOUSEHOLD]
    told = clear if devices.empty else devices
    parts = []
    for way, rows in (("rise", told[told["temperature"] > 0]), ("fall", told[told["temperature"] < 0])):
        names = [f"{fmt.name(row.device_id)} ({row.temperature:.2f})" for row in rows.itertuples()]
        if names:
            verb = f"{way}{'s' if len(names) == 1 else ''}"
            parts.append(f"With the day's temperature {verb} the use of {fmt.listed(names)}.")
    return parts


def strange(unusual: pd.DataFrame) -> str:
    """Say how much was unusual."""
    if unusual.empty:
        return "No hour of the history stands out, or the history is shorter than the two weeks it takes to tell."
    top = unusual.iloc[0]
    start = pd.Timestamp(top["start"])
    return (
        f"{'One episode stands' if len(unusual) == 1 else f'{len(unusual)} episodes stand'} out; the largest is "
        f"{fmt.name(top['device_id'])} on {fmt.day(start)} {start.year}: {fmt.kwh(top['kwh'])} against a usual "
        f"{fmt.kwh(top['usual_kwh'])} ({top['reason']})."
    )


def features(relations: pd.DataFrame) -> str:
    """Say what the features are worth a week ahead."""
    lag = relations[relations["feature"] == "lag_1h"][["one_hour_ahead", "one_week_ahead"]].abs().mean()
    there = int(relations.groupby("feature")["in_data"].any().sum())
    ahead = int(relations[relations["in_data"]].groupby("feature")["known_ahead"].first().sum())
    words = f"**The data makes {there} of the 24 features, and {ahead} of them are known a week ahead.**"
    if np.isfinite(lag["one_hour_ahead"]) and np.isfinite(lag["one_week_ahead"]):
        words += (
            f" The hour before tells much of the next one (relation {lag['one_hour_ahead']:.2f}); a "
            "week ahead nobody knows it, "
            f"and what stands in tells {'less' if lag['one_week_ahead'] < lag['one_hour_ahead'] else 'as much'} "
            f"({lag['one_week_ahead']:.2f})."
        )
    return words


def looking(reference: pd.DataFrame) -> str:
    """Say what gradient boosting is worth an hour and a week ahead."""
    if reference.empty:
        return "There are fewer than six weeks of history, so gradient boosting is not tried."
    mean = reference.groupby("looking")["mae"].mean()
    return (
        f"On the last 20 % of the hours gradient boosting errs by {mean['one hour ahead']:.3f} kWh an "
        "hour when it looks one "
        f"hour ahead and by {mean['a week ahead']:.3f} kWh when it looks a week ahead. The first is the figure often "
        "shown; the second is what a week's forecast is worth."
    )


def coming(run: Run) -> str:
    """Say what the coming week will use and cost, how sure that is, and who will not be there."""
    return f"{_amounts(run)} {absences.ahead(run)}".strip()


def _amounts(run: Run) -> str:
    frames = run.forecast()
    row = _household(frames["week"])
    span = local(pd.DatetimeIndex([run.home().origin]), run.home().settings.timezone)[0]
    length = int(row["hours"])
    words = (
        f"**From {fmt.day(span)} {span.year}, {fmt.hours(length)} {'are' if length > 1 else 'is'} expected to take "
        f"{fmt.kwh(row['total'])}: {fmt.span(row['p10'], row['p90'])}.**"
    )
    return " ".join([words, *costs.ahead(run)])


def saved(frames: Frames) -> str:
    """Say how the last seven days compare with the usual week."""
    row = frames["overview"].set_index("device_id").loc[HOUSEHOLD]
    if not np.isfinite(row["saved_kwh"]):
        return "Whether the last seven days were unusual is not known: there is too little history before them."
    way = "less" if row["saved_kwh"] > 0 else "more"
    differs = f"{fmt.kwh(abs(row['saved_kwh']))} {way} than" if row["saved_kwh"] else "exactly"
    of_week = "" if row["hours_known"] == WEEK else f" in the {row['hours_known']} hours of them that are known"
    words = (
        f"The last seven days took {fmt.kwh(row['last_week_kwh'])}{of_week}, {differs} the usual "
        f"{fmt.kwh(row['usual_week_kwh'])}"
    )
    if not np.isfinite(row["saved_p10"]):
        return words + "; how sure that is, is not known."
    return words + (
        ", more than usual weeks differ." if row["saved_is_unusual"] else ", no more than usual weeks differ."
    )


def busiest(peaks: pd.DataFrame) -> str:
    """Say when the peaks come."""
    if peaks.empty:
        return "No day is forecast for long enough to name its peak."
    usual = peaks.groupby(["start", "end"]).size().idxmax()
    if usual == (0, 24):
        return "Use is so even that no part of the day is a peak."
    top = peaks.loc[peaks["kwh"].idxmax()]
    return (
        f"Most days peak from {fmt.clock(usual[0])} to {fmt.clock(usual[1])}; the highest peak is "
        f"{fmt.day(top['day'])} with "
        f"{fmt.kwh(top['kwh'])}, {fmt.percent(top['share'])} of that day."
    )


def advice(recommendations: pd.DataFrame, cost: float, currency: str, known: bool) -> str:
    """Say what can be saved in all."""
    if not known:
        return "What could be saved is not known: no tariff is given and the data holds no price."
    if recommendations.empty:
        return "Nothing to recommend: no flexible device will run in dear hours and no standby is worth switching off."
    moved = recommendations.loc[recommendations["kind"] == "move", "saving"].sum()
    standby = recommendations.loc[recommendations["kind"] == "standby", "saving"].sum()
    parts = []
    if moved:
        parts.append(f"moving flexible devices saves up to {fmt.money(moved, currency)} of {fmt.money(cost, currency)}")
    if standby:
        parts.append(f"switching off standby saves an estimated {fmt.money(standby, currency)}")
    words = fmt.listed(parts)
    return words[0].upper() + words[1:] + "."


def trust(trained: Frames) -> str:
    """Say how often the household's band held on past weeks and how far off its days were."""
    selection = trained["selection"].set_index("device_id")["model"]
    rows = trained["metrics"]
    if HOUSEHOLD not in selection or rows.empty:
        return "How sure it is cannot be tested yet: the history is shorter than two weeks."
    row = rows[(rows["device_id"] == HOUSEHOLD) & (rows["model"] == selection[HOUSEHOLD])]
    if row.empty:
        return "How sure it is cannot be tested yet: the household's history is too short or too patchy."
    found = row.iloc[0]
    weeks = int(found["folds"])
    return (
        f"Over {weeks} past week{'s' if weeks != 1 else ''}, each forecast from what was known before "
        "it, the household's band "
        f"of eight in ten held {fmt.percent(found['coverage_80'])} of the hours, and its days were off by "
        f"{fmt.percent(found['daily_wape'])} of their energy."
    )


def _household(frame: pd.DataFrame) -> pd.Series:
    return frame[frame["device_id"] == HOUSEHOLD].iloc[0]


def _devices(count: int) -> str:
    return f"{count} device{'s' if count != 1 else ''}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
