"""The week at a glance: the answer first, then the picture, what changed, what to do, and how sure it all is."""

from __future__ import annotations

from html import escape
from pathlib import Path

from influx.core import formatting as fmt
from influx.core.settings import Settings
from influx.insights import overview
from influx.report.plots import plots, plots_plan
from influx.report.plots.figures import Shown, answer, sentence, show, table
from influx.report.run_folder import Run
from influx.report.words import costs, drift, review, sentences, tables, training
from influx.report.words import plan as plan_words


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
    coming, paid, meaning, trained = run.forecast(), run.bill(), run.insights(), run.training()
    rates = run.rates()
    currency = rates.currency if rates else ""
    todo = meaning["recommendations"]
    parts: list[str | Shown] = [
        _heading(1, f"What will {_name(run)} use in the coming week?"),
        *([sentence(review.last_week(run.review()))] if run.has("review") else []),
        answer(sentences.coming(run)),
        show(
            plots.plot_days,
            coming["daily"],
            caption="Expected energy of the household on each coming day; the line spans eight in ten.",
        ),
        sentence(sentences.busiest(coming["peaks"])),
        *[sentence(one) for one in [costs.month(run)] if one],
        _heading(2, "What changed?"),
        sentence(sentences.saved(meaning)),
        *[sentence(words) for words in overview.changes(meaning["overview"])],
        *([sentence(words) for words in drift.drifts(run.review()["drift"])] if run.has("review") else []),
        *(_plan(run, currency) if run.has("plan") else []),
        _heading(2, "What is worth doing?"),
        sentence(sentences.advice(todo, run.cost(), currency, rates is not None)),
        *([table(tables.recommendations(todo), rows=3)] if len(todo) else []),
        _heading(2, "How sure is it?"),
        *[sentence(words) for words in (sentences.trust(trained), training.usual_use(trained["choice"])) if words],
        _heading(2, "Each device"),
        table(tables.week(coming["week"], paid.get("cost_week"), trained["choice"], currency, paid.get("carbon_week"))),
        _heading(2, "Worth knowing"),
        *[sentence(words) for words in (sentences.read(run.home()), sentences.silent(run)) if words],
        *[sentence(fmt.plain(note)) for note in run.home().notes],
    ]
    return "".join(part if isinstance(part, str) else part.markup for part in parts)


def words(folder: Path) -> dict[str, str]:
    """Return the sentences of the start page by name, for those who show the same run elsewhere."""
    run = Run.open(folder)
    meaning, rates = run.insights(), run.rates()
    currency = rates.currency if rates else ""
    said = {
        "coming": sentences.coming(run),
        "busiest": sentences.busiest(run.forecast()["peaks"]),
        "saved": sentences.saved(meaning),
        "advice": sentences.advice(meaning["recommendations"], run.cost(), currency, rates is not None),
        "trust": sentences.trust(run.training()),
        "strange": sentences.strange(run.explore()["unusual"]),
    }
    if run.has("plan"):
        said["plan"] = plan_words.answer(run.plan(), currency)
    if run.has("bill"):
        said["month"] = costs.month(run)
    if run.has("review"):
        found = run.review()
        said |= {"last_week": review.last_week(found), "drifts": "\n".join(drift.drifts(found["drift"]))}
    return said


def _plan(run: Run, currency: str) -> list[str | Shown]:
    """Return when the flexible devices should run, and what that saves."""
    plan, home = run.plan(), run.home()
    strip = show(
        plots_plan.plot_week_strip,
        plan["plan"],
        plan["plan_steps"],
        home.settings.timezone,
        currency,
        home.devices["device_id"],
        caption="When each flexible device should run; the price is behind it.",
        size=(9, 3),
        narrow=(4.2, 3.4),
    )
    left_out = [sentence(plan_words.left_out(plan))] if len(plan["plan_notes"]) else []
    answered: list[str | Shown] = [_heading(2, "When should it run?"), sentence(plan_words.answer(plan, currency))]
    return answered + ([strip] if len(plan["plan"]) else []) + left_out


def _name(run: Run) -> str:
    name = run.home().settings.home_id
    return "the home" if name == Settings.model_fields["home_id"].default else name


def _heading(level: int, words: str) -> str:
    return f"<h{level}>{escape(words)}</h{level}>"
