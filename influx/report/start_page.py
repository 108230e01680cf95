"""The week at a glance: the answer first, then the picture, what changed, what to do, and how sure it all is."""

from __future__ import annotations

from html import escape
from pathlib import Path

from influx.core.settings import Settings
from influx.report import plots
from influx.report.figures import show
from influx.report.html import Shown, paragraphs
from influx.report.run_folder import Run
from influx.report.tables import table
from influx.report.texts import note, text


def glance(folder: Path) -> str:
    """Return the content of the week's start page, made of the frames of its run folder alone.

    Parameters
    ----------
    folder : Path
        A finished run folder.

    Returns
    -------
    str
        HTML; every word of the data in it is escaped.
    """
    run = Run.open(folder)
    home, rates, coming, selection = run.home(), run.rates(), run.sums() | run.bill(), run.selection()
    currency = rates.currency if rates else ""
    todo, texts = run.insights()["recommendations"], answers(run)
    parts: list[str | Shown] = [
        _heading(1, f"What will {_name(run)} use in the coming week?"),
        _sentences(texts.get("last_forecast", "")),
        paragraphs([texts["coming_week"]], first="ix-answer"),
        show(
            plots.days,
            coming["daily"],
            caption="Expected energy of the household on each coming day; the line spans eight in ten.",
        ),
        _sentences(texts["peaks"]),
        _sentences(texts["month_bill"] if rates else ""),
        _heading(2, "What changed?"),
        *[_sentences(texts.get(name, "")) for name in ("last_week_use", "changes", "drift")],
        *(_plan(run, currency) if run.has("plan") else []),
        _heading(2, "What is worth doing?"),
        _sentences(texts["savings"]),
        *([table(todo, "recommendations", rows=3)] if len(todo) else []),
        _heading(2, "How sure is it?"),
        _sentences(texts["reliability"]),
        note("climatology_devices", selection=selection),
        _heading(2, "Each device"),
        table(
            coming["week"],
            "coming_week",
            selection=selection,
            cost=coming.get("cost_week"),
            carbon=coming.get("carbon_week"),
            currency=currency,
        ),
        _heading(2, "Worth knowing"),
        note("rows_read", home=home),
        note("silent_devices", home=home, forecast=run.forecast()),
        *[note("assumption", assumption=assumption) for assumption in home.notes],
    ]
    return "".join(part if isinstance(part, str) else part.markup for part in parts)


def answers(run: Run) -> dict[str, str]:
    """Return the texts of the start page by name, for those who show the same run elsewhere."""
    home, rates, coming = run.home(), run.rates(), run.sums() | run.bill()
    meaning, found = run.insights(), run.explore()
    out = {
        "coming_week": text("coming_week", home=home, forecast=coming, rates=rates, absences=found["absences"]),
        "peaks": text("peaks", peaks=coming["peaks"]),
        "month_bill": text("month_bill", bill=coming.get("bill"), rates=rates),
        "last_week_use": text("last_week_use", overview=meaning["overview"]),
        "changes": text("changes", overview=meaning["overview"]),
        "savings": text("savings", recommendations=meaning["recommendations"], cost=run.cost(), rates=rates),
        "reliability": text("reliability", metrics=run.scores(), selection=run.selection()),
        "unusual_use": text("unusual_use", unusual=found["unusual"]),
    }
    if run.has("plan"):
        out["plan"] = text("plan", plan=run.plan(), currency=rates.currency if rates else "")
    if run.has("review"):
        out["last_forecast"] = text("last_forecast", totals=run.review()["review_totals"])
        out["drift"] = text("drift", drift=run.review()["drift"])
    return out


def _sentences(text: str) -> Shown:
    return paragraphs(text.split("\n\n"))


def _plan(run: Run, currency: str) -> list[str | Shown]:
    """Return when the flexible devices should run, and what that saves."""
    plan, home = run.plan(), run.home()
    strip = show(
        plots.plan,
        plan["plan"],
        plan["plan_steps"],
        home.settings.timezone,
        currency,
        home.devices["device_id"],
        caption="When each flexible device should run; the price is behind it.",
        size=(9, 3),
        narrow=(4.2, 3.4),
    )
    parts: list[str | Shown] = [_heading(2, "When should it run?"), note("plan", plan=plan, currency=currency)]
    parts += [strip] if len(plan["plan"]) else []
    return parts + ([note("left_out", plan=plan)] if len(plan["plan_notes"]) else [])


def _name(run: Run) -> str:
    name = run.home().settings.home_id
    return "the home" if name == Settings.model_fields["home_id"].default else name


def _heading(level: int, words: str) -> str:
    return f"<h{level}>{escape(words)}</h{level}>"
