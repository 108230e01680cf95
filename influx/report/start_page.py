"""The week's start page: the answer first, then the picture, what changed, what to do, and how sure it all is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from influx.core.settings import Settings
from influx.report import plots
from influx.report.figures import show
from influx.report.html import Shown, paragraphs
from influx.report.run_folder import Run
from influx.report.tables import table
from influx.report.texts import note, text


def answers(run: Run) -> dict[str, str]:
    """Return the texts of the start page by name, for those who show the same run elsewhere."""
    home, rates, coming = run.home(), run.rates(), run.sums() | run.bill()
    insights, explored = run.insights(), run.explore()
    out = {
        "coming_week": text("coming_week", home=home, forecast=coming, rates=rates, absences=explored["absences"]),
        "peaks": text("peaks", peaks=coming["peaks"]),
        "month_bill": text("month_bill", bill=coming.get("bill"), rates=rates),
        "last_week_use": text("last_week_use", overview=insights["overview"]),
        "changes": text("changes", overview=insights["overview"]),
        "savings": text("savings", recommendations=insights["recommendations"], cost=run.cost(), rates=rates),
        "reliability": text("reliability", metrics=run.scores(), selection=run.selection()),
        "unusual_use": text("unusual_use", unusual=explored["unusual"]),
    }
    if run.has("plan"):
        out["plan"] = text("plan", plan=run.plan(), currency=rates.currency if rates else "")
    if run.has("review"):
        out["last_forecast"] = text("last_forecast", totals=run.review()["review_totals"])
        out["drift"] = text("drift", drift=run.review()["drift"])
    return out


def overview(run: Run, texts: Mapping[str, str] | None = None) -> str:
    """Return the content of the start page as HTML, made of the run folder and its :func:`answers` alone."""
    texts = texts or answers(run)
    home, rates, coming, selection = run.home(), run.rates(), run.sums() | run.bill(), run.selection()
    currency, advice = rates.currency if rates else "", run.insights()["recommendations"]
    is_unnamed = home.settings.home_id == Settings.model_fields["home_id"].default
    parts: list[str | Shown] = [
        f"<h1>What will {'the home' if is_unnamed else escape(home.settings.home_id)} use in the coming week?</h1>",
        _sentences(texts, "last_forecast"),
        paragraphs([texts["coming_week"]], first="ix-answer"),
        show(
            plots.days,
            coming["daily"],
            caption="Expected energy of the household on each coming day; the line spans eight in ten.",
        ),
        _sentences(texts, "peaks", *(["month_bill"] if rates else [])),
        "<h2>What changed?</h2>",
        _sentences(texts, "last_week_use", "changes", "drift"),
        *(_plan(run, currency) if run.has("plan") else []),
        "<h2>What is worth doing?</h2>",
        _sentences(texts, "savings"),
        *([table(advice, "recommendations", rows=3)] if len(advice) else []),
        "<h2>How sure is it?</h2>",
        _sentences(texts, "reliability"),
        note("climatology_devices", selection=selection),
        "<h2>Each device</h2>",
        table(
            coming["week"],
            "coming_week",
            selection=selection,
            cost=coming.get("cost_week"),
            carbon=coming.get("carbon_week"),
            currency=currency,
        ),
        "<h2>Worth knowing</h2>",
        note("rows_read", home=home),
        note("silent_devices", home=home, forecast=run.forecast()),
        *[note("assumption", assumption=assumption) for assumption in home.notes],
    ]
    return "".join(part if isinstance(part, str) else part.markup for part in parts)


def _sentences(texts: Mapping[str, str], *names: str) -> Shown:
    return paragraphs([paragraph for name in names for paragraph in texts.get(name, "").split("\n\n")])


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
        empty="",
    )
    left_out = [note("left_out", plan=plan)] if len(plan["plan_notes"]) else []
    return ["<h2>When should it run?</h2>", note("plan", plan=plan, currency=currency), strip, *left_out]
