"""The command line, which the Makefile calls: `python -m influx report`, `dashboard`, `forecast` ...

Each command imports what it needs when it runs, so that `--help` is there at once. Whatever a user can mend is one line
on standard error and exit status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from influx.core.errors import InputError
from influx.core.paths import PROJECT
from influx.core.sanitize import legible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 (cannot be done as asked), 2 (not understood), 130 (stopped)."""
    options = vars(_parser().parse_args(arguments))
    try:
        done = options.pop("run")(**options)
        if done is not None:
            print(legible(done))
        sys.stdout.flush()
    except (InputError, _FailedError) as error:
        print(f"influx: {legible(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads, as in `influx inspect FILE | head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not written at the end either
    except KeyboardInterrupt:
        print("influx: stopped", file=sys.stderr)
        return 130
    return 0


class _FailedError(Exception):
    """A notebook failed; unlike an `InputError`, its message has several lines."""


class _Parser(argparse.ArgumentParser):
    """Quotes what it does not understand, which may be a file's name, so that a terminal only shows it."""

    def error(self, message: str) -> NoReturn:
        super().error(legible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="influx", description="What a home's devices will use and cost in a week.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for run, purpose, options in _COMMANDS:
        command = commands.add_parser(run.__name__.strip("_"), help=purpose)
        command.set_defaults(run=run)
        for names, option in options.items():
            command.add_argument(*names.split(), **option)
    return parser


def _report(parameter: list[str], no_wait: bool, reports: Path, **options: Any) -> Path:
    # jsonschema, which checks notebooks, would build a grammar of web addresses: a second, for what no notebook holds.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # None: as if it were not installed
    from influx.report.execute_notebooks import NotebookFailed
    from influx.report.pipeline import make_report

    parameters = dict(map(_parameter, parameter))
    try:
        folder = make_report(reports=reports, wait=not no_wait, parameters=parameters, **options)
    except NotebookFailed as error:
        raise _FailedError(
            f"{error}\nThe notebook up to there is in {reports / 'failed'}; earlier reports are untouched."
        ) from error
    return reports / folder.name / "index.html"


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise InputError(f"parameter: {text!r} cannot be used; write NAME=VALUE, such as folds=8.")
    return name.strip(), value.strip()


def _dashboard(visitors: int, **options: Any) -> None:
    from influx.dashboard.server.serve import serve

    serve(sessions=visitors, **options)


def _forecast(readings: Path, output: Path, timezone: str, country: str | None, horizon: int) -> Path:
    import influx
    from influx.core.settings import check_where
    from influx.core.tabular_io import check_target, read_readings, write_frame

    check_target(output)
    check_where(timezone, country)
    hours = influx.forecast(read_readings(readings), horizon=horizon, timezone=timezone, country=country)
    write_frame(hours, output)
    return output


def _inspect(path: Path) -> str:
    from influx.home.inspect import inspect

    return inspect(path)


def _schedule(data: str | None, when: str | None) -> str:
    from influx.report import cron

    return cron.install(PROJECT, when or cron.EVERY_MONDAY_AT_SIX, {} if data is None else {"DATA": data})


def _unschedule() -> str:
    from influx.report import cron

    return cron.remove(PROJECT)


def _option(purpose: str, default: Any = None, metavar: str | None = None, **more: Any) -> dict[str, Any]:
    """Return what argparse needs for an option; its help tells the default where there is one."""
    shown = f"{purpose} (default: %(default)s)" if default not in (None, "", []) else purpose
    return {
        "help": shown,
        "default": default,
        "metavar": metavar,
        "type": str if default is None else type(default),
        **more,
    }


_HORIZON = {"--horizon": _option("hours ahead", 168, "HOURS")}
_COMMANDS: list[tuple[Any, str, dict[str, dict[str, Any]]]] = [
    (
        _report,
        "run the notebooks and write the week's report",
        {
            "--data": _option("a home's folder, or one file", "data/sample"),
            "--as-of": _option("use nothing after this date or time (default: all)", "", "WHEN"),
            **_HORIZON,
            "--reports": _option("where the weeks go", Path("reports")),
            "--notebooks": _option("their folder", Path("notebooks")),
            "-p --parameter": {
                "action": "append",
                "default": [],
                "metavar": "NAME=VALUE",
                "help": 'another parameter, such as models="similar days,climatology"; may be repeated',
            },
            "--no-wait": {"action": "store_true", "help": "give up while another report is being made"},
        },
    ),
    (
        _dashboard,
        "show the newest report to those who only look",
        {
            "--host": _option("where to listen", "127.0.0.1", "H"),
            "--port": _option("0: any free one (default: 8866, or the next free one)", None, "P", type=int),
            "--token": _option("what opens the page (default: a new random one)", "", "T"),
            "--name": _option("the name under which a proxy with TLS shows the page", "", "N"),
            "--visitors": _option("at most at once", 20, "N"),
            "--reports": _option("where the weeks are", Path("reports")),
        },
    ),
    (
        _forecast,
        "forecast a file of hourly readings",
        {
            "readings": _option("device_id, timestamp, energy_kwh: .csv or .parquet", None, "READINGS", type=Path),
            "--output": _option("the forecast: .csv or .parquet", None, "FILE", type=Path, required=True),
            **_HORIZON,
            "--timezone": _option("the home's, such as Europe/Madrid", "UTC", "TZ"),
            "--country": _option("ISO code such as ES, for public holidays", None, "C"),
        },
    ),
    (
        _inspect,
        "show what would be read of a file, and why",
        {"path": _option("a file that was exported, or a home's folder", None, "FILE", type=Path)},
    ),
    (
        _schedule,
        "have cron make the report every week",
        {
            "--data": _option("a home's folder, or one file (default: the sample)"),
            "--when": _option('five time fields of cron (default: "0 6 * * 1", Mondays at six)'),
        },
    ),
    (_unschedule, "end what schedule began", {}),
]


if __name__ == "__main__":
    sys.exit(main())
