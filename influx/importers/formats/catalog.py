"""The formats that are tables: a row each, with where its schema is from. What a row cannot say stands in `adapters`.

A row is found by its `id`, which is also its name under `format:` in home.yaml.
"""

from __future__ import annotations

from dataclasses import replace

from influx.importers.formats import adapters
from influx.importers.formats.table_format import TableFormat
from influx.importers.reading.layout import SeriesMapping, flow

IMPORT, EXPORT = flow("grid_import"), flow("grid_export")
_ELECTRICITY = r"(?i)ele(?:ctricity|ktriciteit)"
_BACK = r"(?:returned|teruggeleverd) \([^)]*\)"

TABLES = (
    # Ameren (Illinois, Missouri): the energy of hours and of their quarters side by side, the finer one is read; names
    # of columns repeat. From a public sample export of its site.
    TableFormat(
        "ameren",
        "Ameren",
        time="Start Interval Date/Time",
        series={"Usage": IMPORT},
        header=("Units", "Interval"),
        below_title=True,
        order="mdy",
        zone="America/Chicago",
        adapt=adapters.finest_of_ameren,
    ),
    # DSMR-reader: the hours of a Dutch or Belgian smart meter by tariff. From a real file in English; the Dutch names
    # are those of its translation.
    TableFormat(
        "dsmr_reader",
        "DSMR-reader",
        time="(?i)hour start|begintijd uur|date|datum",
        series={
            rf"{_ELECTRICITY} 1 \([^)]*\)": flow("grid_import", "low tariff"),
            rf"{_ELECTRICITY} 2 \([^)]*\)": flow("grid_import", "normal tariff"),
            rf"{_ELECTRICITY} 1 {_BACK}": flow("grid_export", "low tariff"),
            rf"{_ELECTRICITY} 2 {_BACK}": flow("grid_export", "normal tariff"),
        },
    ),
    # E-REDES (Portugal): mean power to the end of each quarter of an hour, by the clock of Lisbon wherever the home is.
    # What was measured at the connection (medido) comes before what was registered after sharing. From public programs
    # that read such sheets, and what their authors found by comparing them with the meter.
    TableFormat(
        "e_redes",
        "E-REDES",
        time=("Data", "Hora"),
        series={
            rf"(?i){way}\b{measured}.*\(kW\).*": replace(series, unit="kW", measures="power")
            for measured in (".*medid", "")
            for way, series in (("consumo", IMPORT), ("inje[cç][aã]o", EXPORT))
        },
        below_title=True,
        quality="Estado",
        quality_words={"estimado": "estimated"},
        time_marks="end",
        zone="Europe/Lisbon",
        alternatives=True,
    ),
    # EDC (Czechia): the data centre of energy sharing. IN-…-O is what a supply point took (below zero), IN-…-D what it
    # fed in; OUT-… is the same after sharing, and left aside. From the portal's exports in public projects.
    TableFormat(
        "edc_cr",
        "EDC",
        time=("Datum", "Cas od"),
        series={r"IN-\d+-O": IMPORT, r"IN-\d+-D": EXPORT, r"\d+-\d+": SeriesMapping("shared")},
        header=("Cas do",),
        below_zero=".*",
        order="dmy",
        zone="Europe/Prague",
        comma=True,
        adapt=adapters.points_of_edc,
    ),
    # Emporia Vue: a column a circuit, as kWh of hours or mean kW of shorter intervals; the header names the clock's
    # zone. The mains of a panel are added up. From programs that read such exports; hours from the vendor's help.
    TableFormat(
        "emporia",
        "Emporia",
        time=r"Time Bucket \(.+\)",
        series={
            rf"{name} \({unit}(?:s|atts)\)": replace(circuit, unit=unit, measures="power" if unit == "kW" else "energy")
            for unit in ("kWh", "kW")
            for name, circuit in (
                ("(.*?)-?Mains_[ABC]", SeriesMapping(r"\1 mains", role="grid_import")),
                ("(.*Solar/Generation.*)", SeriesMapping(r"\1", role="solar")),
                ("(.+)", SeriesMapping(r"\1", role="device")),
            )
        },
        order="mdy",
        skip_empty=True,
        adapt=adapters.zone_of_emporia,
    ),
    # Energiemanager (energiemanageronline.nl): states of Dutch registers, a number times its factor, below a blank
    # line. From public sample exports of its interface.
    TableFormat(
        "energiemanager",
        "Energiemanager",
        time="moment",
        series={"ellm": flow("grid_import", measures="counter"), "eltm": flow("grid_export", measures="counter")},
        header=("moment-date", "factor"),
        below_title=True,
        device="code",
        value="value",
        order="s",
        prepare=adapters.times_factor,
    ),
    # Enedis (France): the load curve of a Linky meter, named by the end of each half hour; lines above the table say
    # of what it is. From public samples and public programs that read them.
    TableFormat(
        "enedis",
        "Enedis",
        time="Horodate",
        series={"Valeur": IMPORT},
        find_header=adapters.header_of_enedis,
        time_marks="end",
        comma=True,
        adapt=adapters.kind_of_enedis,
    ),
    # Engie (Netherlands): a row a direction and hour. Gas has the same columns and is left aside; whether an hour is of
    # the high tariff follows from the clock. From public sample exports of the app.
    TableFormat(
        "engie",
        "Engie",
        time="Datum",
        series={"Elektriciteit": IMPORT, "Teruglevering": EXPORT},
        header=("EAN", "Piek"),
        device="Type",
        value="Verbruik",
    ),
    # Enphase Enlighten: the account's language decides whether 01/02 is in January; in the right order the times follow
    # one another. A site with a battery calls its production delivered. From a real file by hours (production); other
    # columns from a real file by days and from programs that read such reports.
    TableFormat(
        "enphase",
        "Enphase",
        time="Date/Time",
        series={
            r"Energy (?:Produced|Delivered) \(Wh\)": flow("solar", unit="Wh"),
            r"Energy Consumed \(Wh\)": flow("household", unit="Wh"),
            r"Imported from Grid \(Wh\)": flow("grid_import", unit="Wh"),
            r"Exported to Grid \(Wh\)": flow("grid_export", unit="Wh"),
            r"Stored in (?:AC B|b)atteries \(Wh\)": flow("battery_in", unit="Wh"),
            r"Discharged from (?:AC B|b)atteries \(Wh\)": flow("battery_out", unit="Wh"),
        },
        total="Total",
        adapt=adapters.order_of_enphase,
        prepare=adapters.without_thousands,
    ),
    # ESB Networks (Ireland): half hours named by their end, the newest first, as mean kW or as kWh calculated from it;
    # registers by days are left aside. From public programs that read these files.
    TableFormat(
        "esb_networks",
        "ESB Networks",
        time="Read Date and End Time",
        series={
            r"(?i).*Active Import Interval \(kWh\).*": IMPORT,
            r"(?i).*Active Export Interval \(kWh\).*": EXPORT,
            r"(?i).*Active Import Interval \(kW\).*": flow("grid_import", unit="kW", measures="power"),
            r"(?i).*Active Export Interval \(kW\).*": flow("grid_export", unit="kW", measures="power"),
        },
        device="Read Type",
        value="Read Value",
        time_marks="end",
        zone="Europe/Dublin",
        order="dmy",
        alternatives=True,
        advice="Download the half hours, those of 30 minutes.",
    ),
    # Fluvius (Belgium): a row a register and quarter of an hour; quarters without consumption are unknown. Gas has the
    # same columns and is refused. From real files in Dutch and English.
    TableFormat(
        "fluvius",
        "Fluvius",
        time=(r"Van datum|Van \(datum\)|From \(date\)", r"Van tijdstip|Van \(tijdstip\)|From \(time\)"),
        series={
            "Afname Dag|Offtake Day": flow("grid_import", "day"),
            "Afname Nacht|Offtake Night": flow("grid_import", "night"),
            "Injectie Dag|Injection Day": flow("grid_export", "day"),
            "Injectie Nacht|Injection Night": flow("grid_export", "night"),
        },
        device="Register",
        value="Volume",
        unit="Eenheid|Unit",
        others=True,
        quality="Validatiestatus|Validation status",
        quality_words={
            **dict.fromkeys(("geschat", "estimated"), "estimated"),
            **dict.fromkeys(("geen verbruik", "no consumption"), "missing"),
        },
        zone="Europe/Brussels",
        order="dmy",
    ),
    # HomeWizard P1: registers of a smart meter by tariff; the largest power of each phase is left aside. From a real
    # file.
    TableFormat(
        "homewizard",
        "HomeWizard P1",
        time="time",
        series={
            "Import (T[1-4]) kWh": flow("grid_import", r"\1", measures="counter"),
            "Export (T[1-4]) kWh": flow("grid_export", r"\1", measures="counter"),
        },
    ),
    # HomeWizard kWh meters do not say what hangs on them, so home.yaml must. From public sample exports of the app.
    TableFormat(
        "homewizard_kwh",
        "HomeWizard kWh meter",
        time="time",
        series={"(Import|Export) kWh": SeriesMapping(r"\1", measures="counter")},
        header=("Import kWh", "Export kWh"),
        adapt=adapters.circuit_of_homewizard,
    ),
    # myenergi (zappi, eddi): what the device used is the sum over its phases of what it was given of the sun and took
    # on demand. The diverted columns from a real file, the others from programs that read such reports.
    TableFormat(
        "myenergi",
        "myenergi",
        time="Timestamp",
        series={
            r"(?:Diverter|Boosted) Energy \(L[1-3]\) \(Wh\)": SeriesMapping("myenergi {single}", "Wh", role="device"),
            r"Net Grid Import \(Wh\)": flow("grid_import", unit="Wh"),
            r"Net Grid Export \(Wh\)": flow("grid_export", unit="Wh"),
            r"Total Generation \(Wh\)": flow("solar", unit="Wh"),
        },
        single="Serial Number",
        zone="UTC",
        expected={
            "Boosted.*": "the report lacks the columns of boosted energy; what was charged on demand is not in it."
        },
    ),
    # NextEnergy (Netherlands): states of a meter's registers, which the supplier sends on request; `levering` comes
    # from the grid. Gas has the same columns. From a public program that reads these files.
    TableFormat(
        "nextenergy",
        "NextEnergy",
        time="Date Time UTC",
        series={
            r"(?i)\s*levering\s*": flow("grid_import", measures="counter"),
            ".*": flow("grid_export", measures="counter"),
        },
        device="Direction",
        value="Reading Start",
        unit="Unit",
        zone="UTC",
        order="dmy",
        comma=True,
    ),
    # Octopus Energy: half hours with their start and end. Spaces and cases of the names vary. From its documentation.
    TableFormat(
        "octopus",
        "Octopus Energy, half hours",
        time=r"(?i)\s*start\s*",
        series={r"(?i)\s*consumption\s*\(kwh\)\s*": IMPORT},
        header=(r"(?i)\s*end\s*",),
        end=r"(?i)\s*end\s*",
        adapt=adapters.octopus_by_name,
        complete=adapters.with_zeros,
    ),
    # Shelly EM and 3EM: each phase counts what it took and gave back, as the meter's own page exports it. From a real
    # file (phase A).
    TableFormat(
        "shelly",
        "Shelly EM",
        time="Date/time UTC",
        series={
            r"Active energy Wh(?: \(([A-C])\))?": flow("grid_import", r"\1", "Wh"),
            r"Returned energy Wh(?: \(([A-C])\))?": flow("grid_export", r"\1", "Wh"),
        },
        zone="UTC",
    ),
    # Slimme Meter Portal (Netherlands): quarters of an hour, named by their end with an offset; of two tariffs the one
    # that does not hold is blank. From public programs that read these files.
    TableFormat(
        "slimmemeterportal",
        "Slimme Meter Portal",
        time="datum_tijd",
        series={
            "levering_normaal": flow("grid_import", "normal tariff"),
            "levering_laag": flow("grid_import", "low tariff"),
            "teruglevering_normaal": flow("grid_export", "normal tariff"),
            "teruglevering_laag": flow("grid_export", "low tariff"),
        },
        refuse={"levering": "a gas meter"},
        time_marks="end",
        order="dmy",
        comma=True,
        prepare=adapters.other_tariff_is_zero,
    ),
    # Zonneplan (Netherlands): hours that the supplier sends on request, on the Dutch clock: in UTC the sun would feed
    # in after sunset. Totals stand below the table. From a public program that reads these files and its results.
    TableFormat(
        "zonneplan",
        "Zonneplan",
        time="DateTo",
        series={"ElectricityConsumptionUsageKwh": IMPORT, "ElectricityProductionUsageKwh": EXPORT},
        time_marks="end",
        zone="Europe/Amsterdam",
        comma=True,
        total="",
        below_zero="ElectricityProductionUsageKwh",
    ),
)
"""All of them, by their ids."""
