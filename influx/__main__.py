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
from typing import NoReturn

from influx.core.errors import InputError
from influx.core.paths import PROJECT
from influx.core.sanitize import legible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 (cannot be done as asked), 2 (not understood), 130 (stopped)."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except InputError as error:
        return _say(error)
    except BrokenPipeError:  # whoever reads, as in `influx inspect FILE | head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not written at the end either
        return 0
    except KeyboardInterrupt:
        print("influx: stopped", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """Says what it does not understand, which may be a file's name, so that a terminal only shows it."""

    def error(self, message: str) -> NoReturn:
        super().error(legible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="influx", description="What a home's devices will use and cost in a week.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_report(commands.add_parser("report", help="run the notebooks and write the week's report"))
    _add_dashboard(commands.add_parser("dashboard", help="show the newest report to those who only look"))
    _add_forecast(commands.add_parser("forecast", help="forecast a file of hourly readings"))
    _add_inspect(commands.add_parser("inspect", help="show what would be read of a file, and why"))
    _add_schedule(commands.add_parser("schedule", help="have cron make the report every week"))
    commands.add_parser("unschedule", help="end what schedule began").set_defaults(run=_unschedule)
    return parser


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="data/sample", help="a home's folder, or one file (default: %(default)s)")
    parser.add_argument(
        "--as-of", default="", metavar="WHEN", help="use nothing after this date or time (default: all)"
    )
    _add_horizon(parser)
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="where the weeks go (default: %(default)s)"
    )
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), help="their folder (default: %(default)s)")
    parser.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='another parameter of the notebooks, such as models="similar days,climatology"; may be repeated',
    )
    parser.add_argument("--no-wait", action="store_true", help="give up while another report is being made")
    parser.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    # jsonschema, which checks notebooks, would build a grammar of web addresses: a second, for what no notebook holds.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # None: as if it were not installed
    from influx.report.execute_notebooks import NotebookFailed
    from influx.report.pipeline import make_report

    try:
        folder = make_report(
            data=options.data,
            as_of=options.as_of,
            horizon=options.horizon,
            reports=options.reports,
            notebooks=options.notebooks,
            wait=not options.no_wait,
            parameters=dict(map(_parameter, options.parameter)),
        )
    except NotebookFailed as error:
        return _say(
            f"{error}\nThe notebook up to there is in {options.reports / 'failed'}; earlier reports are untouched."
        )
    print(legible(options.reports / folder.name / "index.html"))
    return 0


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise InputError(f"parameter: {text!r} cannot be used; write NAME=VALUE, such as folds=8.")
    return name.strip(), value.strip()


def _add_dashboard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, metavar="P", help="0: any free one (default: 8866, or the next free one)")
    parser.add_argument("--token", default="", metavar="T", help="what opens the page (default: a new random one)")
    parser.add_argument("--name", default="", metavar="N", help="the name under which a proxy with TLS shows the page")
    parser.add_argument("--visitors", type=int, default=20, metavar="N", help="at most at once (default: %(default)s)")
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), help="where the weeks are (default: %(default)s)"
    )
    parser.set_defaults(run=_dashboard)


def _dashboard(options: argparse.Namespace) -> int:
    from influx.dashboard.server.serve import serve

    serve(
        host=options.host,
        port=options.port,
        token=options.token,
        name=options.name,
        reports=options.reports,
        sessions=options.visitors,
    )
    return 0


def _add_forecast(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "readings", type=Path, metavar="READINGS", help="device_id, timestamp, energy_kwh: .csv or .parquet"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the forecast: .csv or .parquet")
    _add_horizon(parser)
    parser.add_argument(
        "--timezone", default="UTC", metavar="TZ", help="the home's, such as Europe/Madrid (default: UTC)"
    )
    parser.add_argument("--country", metavar="C", help="ISO code such as ES, for public holidays")
    parser.set_defaults(run=_forecast)


def _forecast(options: argparse.Namespace) -> int:
    import influx
    from influx.core.settings import check_where
    from influx.core.tabular_io import check_target, read_readings, write_frame

    check_target(options.output)
    check_where(options.timezone, options.country)
    hours = influx.forecast(
        read_readings(options.readings),
        horizon=options.horizon,
        timezone=options.timezone,
        country=options.country,
    )
    write_frame(hours, options.output)
    print(legible(options.output))
    return 0


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE", help="a file that was exported, or a home's folder")
    parser.set_defaults(run=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    from influx.home.inspect import inspect

    print(legible(inspect(options.path)))
    return 0


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="a home's folder, or one file (default: the sample)")
    parser.add_argument("--when", help='five time fields of cron (default: "0 6 * * 1", Mondays at six)')
    parser.set_defaults(run=_schedule)


def _schedule(options: argparse.Namespace) -> int:
    from influx.report import cron

    settings = {} if options.data is None else {"DATA": options.data}
    print(legible(cron.install(PROJECT, options.when or cron.EVERY_MONDAY_AT_SIX, settings)))
    return 0


def _unschedule(_: argparse.Namespace) -> int:
    from influx.report import cron

    print(cron.remove(PROJECT))
    return 0


def _add_horizon(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--horizon", type=int, default=168, metavar="HOURS", help="hours ahead (default: %(default)s)")


def _say(problem: object) -> int:
    print(f"influx: {legible(problem)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
