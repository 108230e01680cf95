"""What the name of a column tells of it, in the languages of the exports that were seen: every word stands here.

`MENTIONED` are words anywhere in a name, `ROLES` those of its flow, and `WHOLE` what a name without its unit is as a
whole. All are patterns for names in lower case whose words are parted by blanks.
"""

from __future__ import annotations

import re

from influx.core.settings import Role
from influx.importers.reading import price_units

MENTIONED = {
    "other quantity": (
        r"temp|°|celsius|fahrenheit|humid|feucht|humed|umidit|price|cost|preis|prix|precio|prezzo|kosten|co[uû]t|"
        r"kostnad|betrag|amount|\bcharges?\b|€|£|\$|\beur\b|\bgbp\b|\busd\b|(?<!photo)(?<!foto)volt|\bv\b|spann|"
        r"\btensi[oó]ne?\b|\bamp(?:s|[eè]re?s?|erage)?\b|\ba\b|^current(?: l?\d)?$|intensit|stromst[aä]rke|courant|"
        r"corriente|freq|\bhz\b|\bso[ch]\b|percent|%|\bgas\b|m3|m³|(?:water|wasser)(?!.?(?:heater|pump|boiler))|\bagua|"
        r"co2|carbon|factor|reactive|rssi|signal|wifi|uptime|"
        r"k?var|\bva\b|\bkva\b|status|quality|method|metodo|serial|\bu?id\b|\bean\w*\b|week|weekday|\bday\b|month|"
        r"year|number|occupan|duration|dauer|dur[eé]e|minutes?\b|state of charge|ladezustand|"
        r"\bwind(?!ow)|cloud|irradi|\brain|pressure|\blux\b|\bnotes?\b|flag"
    ),
    # of zeros and ones: whether something is on
    "flag": (
        r"\bis\b|\bo(?:n|ff)\b|relay|relais|switch|state|status|active|enabled|online|motion|presence|output|charging"
    ),
    "power": r"power|leistung|puissance|potencia|potenza|vermogen|demand|wattage|\bload\b|\blast\b",
    "energy": (
        r"energy|energie|energ[ií]a|electri|elektri|strom|consum|consom|verbrauch|verbruik|usage|\buse\b|used|import|"
        r"export|bezug|einspeis|production|produc|erzeug|generation|yield|ertrag|reading|register|meter|z(?:ae|[aä])hler|"
        r"index|stand|total"
    ),
    "register": (
        r"register|meter.?reading|z(?:ae|[aä])hlerst[aä]nd|meterstand|\bindex\b|cumul|lifetime|counter|total.?increas"
    ),
    # what could flow or may flow at most
    "limit": (
        r"\blimit\b|grenze|forecast|prognose|threshold|\bset ?point\b|\bmax(?:imum)? (?:power|demand|load|k?w\b)|"
        r"\brated\b|capacity"
    ),
    # some write gas in kWh; an appliance that burns gas needs electricity, too
    "gas": (
        r"(?:\bgas(?:verbrauch|verbruik|use|usage)?\b|\bgaz\b|erdgas|aardgas|therms?\b)"
        r"(?!.*(?:boiler|heater|oven|stove|pump|hob|cooker|furnace|fire|heiz))"
    ),
    "end": r"\bend(?:e|s|ing|time)?\b|\bto\b|\btill?\b|\bbis\b|\bhasta\b|\bfin\b|\btot\b|until|\bfine\b",
    "start": (
        r"\bstart\w*|\bfrom\b|\bvon\b|\bdesde\b|\bdebut\b|\bd[eé]but\b|\bvan\b|\bbegin\w*|\binizio\b|\bfra\b|"
        r"\balkuaika\b"
    ),
    "hour": r"hour|hora|stunde|heure|uur|time|ora|he\b",
    "utc": r"\b(?:utc|gmt)\b(?![+-])",
    "series": r"device|sensor|entity|appliance|circuit|channel|name|ger[aä]t|meter|label|series|dispositivo|plug",
    "unit": (
        r"^(?:units?(?: of measure(?:ment)?| type)?|uom|yksikk[öo]\w*|m[åa]leenhed|einheit|eenheid|unit[eé]|unidad|"
        r"unit[aà]|enhet|enhed)$"
    ),
    # together with "consumed" the meter of a connection
    "tariff": (
        r"tarif|\b[tpf][1-6]\b|\b[hn]t\b|\b(?:dal|piek|laag|hoog|off.?peak|heures creuses|heures pleines|[12] 8 [1-9]|"
        r"fascia|punta|llano|valle)\b"
    ),
    "consumed": r"consum|consom|verbrauch|verbruik|usage|\bused?\b",
    "extreme": r"\bmax(?:imum|imal)?\b|\bmin(?:imum|imal)?\b",
    "charging": r"\bcharg(?!.*(?:\bcar\b|\bev\b|vehicle|wallbox|station))",
    # of something else than electricity
    "supply": (
        r"^(?:(?:(?:natural |aard|erd)?gas|gaz|(?:hot |cold |drinking |tap |kalt|warm|drink)?(?:water|wasser))"
        r"(?: ?(?:usage|use|consumption|verbruik|verbrauch|meter|z[aä]hler))?)$"
    ),
    # a flow from one of the home's parts to another
    "internal": (
        r"(?:solar|pv|grid|battery|powerwall|genset|generator) to (?:the )?"
        r"(?:home|house|loads?|consumers?|grid|battery|powerwall|ev|vehicle)\b"
    ),
    # what an energy community brings of a meter's energy, what is left to the supplier, and a share that never flowed
    "community": r"eigendeckung|gemeinschaft|\b[eb]eg\b|energy community|communaut|comunidad|comunit[àa]",
    "left by a community": r"\brest(?:netz|strom|bezug|[üu]berschu)|reste du r[ée]seau|residual",
    "theoretical": r"ideelle[rn]?\b|theoreti",
    # only a grid operator names the point where a home is connected
    "connection": (
        r"z[aä]hlpunkt|messpunkt|ersatzwert|metering ?point|m[åa]lepunkt|m[äa]tpunkt|anl[äa]ggnings|k[äa]ytt[öo]paik|"
        r"\b(?:pod|cups|mpan|nmi|ean|esi ?id|pdl|prm)\b|point de (?:livraison|mesure)|punto di prelievo|punto de sumin|"
        r"\b(?:at|de)[0-9]{31}\b|\bit[0-9]{3}e[0-9]{8}\b|\bes[0-9]{16}"
    ),
}
_PHASE = re.compile(
    r"(?:(?<=^)|(?<=[\s_.\-]))(?:(?:phase|fase|faza|vaihe|fas)[\s_.\-]?([123abcrst])|l([123]))"
    r"(?=$|[\s_.\-)\](\[])",
    re.IGNORECASE,
)
_OBIS = re.compile(r"(?<![\d.:])(?:1-\d{1,3}:)?(\d{1,2})[._](?:7|8|9|29)[._]\d(?![\d]|[._]\d)")
"""Codes of a meter's values: 1.8.0 is the register of what was bought, 1-1:2.29.0 what was fed in by quarters."""

_OBIS_ROLES: dict[str, Role] = {"1": "grid_import", "2": "grid_export"}
_STORE = r"(?:battery|powerwall|batterie|akku|speicher|batter[ií]a)"
_CHARGED = r"(?:charg(?!\w* discharg)\w*|in\b|input\b|(?:be)?lad(?:en|ung)\b)"
ROLES: dict[Role, str] = {  # the first that matches counts
    "battery_out": (
        rf"(?<!charge )(?<!charging )(?:discharg|entlad)|{_STORE}.*\b(?:out|output)\b|{_STORE}.*entnahme|"
        rf"(?:from (?:the )?|aus (?:der |dem )?){_STORE}"
    ),
    "battery_in": rf"{_STORE}(?:\w*|.*\b)(?:{_CHARGED})|\b{_CHARGED}.*{_STORE}|\b(?:in)?to (?:the )?{_STORE}",
    "grid_export": (
        r"export|einspeis|feed.?in|returned|\bterug|vertid|in[jy]e[cçt]|sold|outgoing|fed.?in|immission|immess|"
        r"inn?mat(?:n)?ing|\b(?:in)?to (?:the )?grid|ins netz|\b\d\d produksjon|r[üu](?:e)?ck(?:liefer|speis)|"
        r"[üu](?:e)?berschu(?:ss|ß)|\b[eé]?xc[eé]dent|\bsurplus\b|refoul|verkkoon|ylij[äa][äa]m|[öo]verskott|overskudd|"
        r"s[åa]lt? el\b|solgt|invoed|oddan|p[řr]etok|eccedenz|\bcedut|net export"
    ),
    "grid_import": (
        r"import|netzbezug|\bbezug\b|purchas|from.?(?:the )?grid|grid.?(?:use|consum)|delivered|afname|soutir|"
        r"pr[eé]l[eè]v|preliev|(?:aus dem|vom) netz|netzentnahme|\bpobran|\botto verkosta|\bodb[ěe]r\b|netzbez"
    ),
    "solar": (
        r"solar|^(?:sun|sonne|zon)\b|\bpv\b|photovolt|erzeug|\bgeneration\b|\bproduction\b|producci|produzione|yield"
    ),
}
WHOLE = {
    "generic": (
        r"(?:total |net |active |\d+ |electric(?:ity)? |energy |interval |hourly |usage |meter |main )*"
        r"(?:energy|energie|energ[ií]a|consumption|consumo|consommation|verbrauch|verbruik|usage|use|value|wert|valeur|"
        r"valor|reading|kwh|wh|kw|w|electricity|strom|power|leistung|puissance|potencia|index|register|state|"
        r"column \d+|total|lastgang|data|forbruk|forbrug|f[öo]rbrukning|kulutus|(?:energie)?m[æäe]ngd?e|m[äa]{2}r[äa]|"
        r"quantity|interval|consumed|used|(?:wirk)?arbeit|wirkenergie|messwert|lastprofil)(?: in)?|"
    ),
    "total": (
        r"(?:grand )?(?:total|totaal|totale|gesamt|summe?|som|netto?|saldo|balance)"
        r"(?: (?:energy|energie|electricity))?"
    ),
    "home": (
        r"(?:total |whole |current |active |average |mean |electric(?:ity)? |energy |power |today s? ?|ac )*"
        r"(?:consum\w*|load|loads|usage|verbrauch|verbruik|consumo|home|house|household|hausverbrauch|gesamtverbrauch|"
        r"stromverbrauch|(?:\d+ )?forbruk|forbrug|f[öo]rbrukning|kulutus)"
        r"(?: (?:consum\w*|power|energy|total|load|usage))*"
    ),
    # own use of the sun, which is a part of other columns
    "self consumption": (
        r"(?:self|direct\w*) ?(?:consum\w*|use[ds]?|usage)|consumed directly|direkt verbraucht|eigenverbrauch|"
        r"direktverbrauch|eigenverbruik|autoconsum\w*|autarky|inverter yield"
    ),
    "production": r"(?:energy |total |power )*(?:production|generation|generated|produced)(?: energy| power| total)*",
    "grid": r"(?:net )?(?:grid|netz|utility|mains grid)(?: net)?(?: (?:power|energy|exchange|flow|meter))*|net",
    "battery": (
        r"(?:home )?(?:battery|powerwall|batterie|akku|speicher|accu|batter[ií]a|ess)(?: (?:power|energy|flow))*|"
        r"(?:battery )?charg\w* discharg\w*(?: (?:power|energy))*"
    ),
    # what the rows of a meter are called that has two directions; only where both stand in one column
    "grid_export": (
        r"(?:grid |energy |active )?(?:export(?:ed)?|feed ?in|fed ?in|returned?|received|production)(?: energy)?|"
        r"(?:surplus|excess)(?: generation| energy)?|lieferung|r[üu]ck(?:liefer|speis)ung|[üu]berschuss|surplus|"
        r"generation|injection|teruglevering|teruggeleverd|invoeding|injectie|(?:netz)?einspeisung|immissione|vertido|"
        r"excedente"
    ),
    "grid_import": (
        r"(?:grid |energy |active )?(?:import(?:ed)?|delivered|consumption|usage|purchased?|offtake)(?: energy)?|"
        r"levering|geleverd|afname|verbruik|(?:netz)?bezug|verbrauch|prelievo|consumo|soutirage|consommation"
    ),
}

_UNIT = r"(?:kwh|wh|mwh|kw|w|watts?)"
_STATISTIC = re.compile(r"[._ ](?:first|last|mean|average|avg|median|sum|max|min)(?:_value)?$", re.IGNORECASE)
_SIGNS = ("%", "°C", "€", "£", "$")


def plain(name: str) -> str:
    """Return a name in lower case, its words parted by blanks."""
    parted = re.sub(r"(?<=[a-jl-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[_\-./:;,()\[\]{}]+", " ", parted).lower().split())


def without_phase(name: str) -> tuple[str, str]:
    """Return a name without the phase of a meter, and which one it is, "" where it names none.

    Examples
    --------
    >>> without_phase("Grid L1 (W)"), without_phase("Level 1 (W)")
    (('Grid (W)', '1'), ('Level 1 (W)', ''))
    """
    match = _PHASE.search(name)
    if match is None:
        return name, ""
    rest = f"{name[: match.start()].rstrip(' _.-')} {name[match.end() :].lstrip(' _.-')}"
    return rest.strip(), (match[1] or match[2]).lower()


def without_unit(name: str) -> str:
    """Return a plain name without its unit and its phase."""
    words = re.sub(r"\b(?:kilo|mega)?watt ?hours?\b", "", plain(without_phase(name)[0])).split()
    return " ".join(word for word in words if not re.fullmatch(_UNIT, word))


def without_statistic(name: str) -> str:
    """Return a name without what a database did with its values, as in kWh.first."""
    return _STATISTIC.sub("", name)


def device_of(name: str) -> str:
    """Return a column's name as that of a device: without its unit, otherwise as it is written."""
    bare = re.sub(rf"[\s_\-]*[(\[{{]?\s*\b{_UNIT}\b\s*[)\]}}]?\s*$", "", name, flags=re.IGNORECASE)
    bare = re.sub(rf"_{_UNIT}$", "", bare, flags=re.IGNORECASE)
    if bare.count("(") > bare.count(")"):  # the unit stood in a bracket with a number, as in "Load (306,499 kWh)"
        bare = bare.rpartition("(")[0]
    bare = bare.strip(" _-")
    less = re.sub(r"\s(?:in|en|i)$", "", bare)  # as in "Verbrauch in kWh", but not "Battery in (kWh)"
    is_joined = mentions(less, "energy") and role_of(bare) is None and not is_called(less, "grid")
    return (less if is_joined else bare) or name


def mentions(name: str, kind: str) -> bool:
    """Tell whether a word of `MENTIONED` stands in a name.

    Examples
    --------
    >>> mentions("Max. demand", "extreme"), mentions("Zählerstand", "register"), mentions("Zählerstand", "gas")
    (True, True, False)
    """
    return re.search(MENTIONED[kind], plain(name)) is not None


def is_called(name: str, kind: str) -> bool:
    """Tell whether a name, without its unit, is one of `WHOLE` and says nothing else."""
    return re.fullmatch(WHOLE[kind], without_unit(name)) is not None


def mentions_power(name: str) -> bool | None:
    """Tell whether a name is that of power, or of energy; None where it is neither or both."""
    if mentions(name, "power"):
        return None if re.search(r"energy|consum", plain(name)) else True
    return False if mentions(name, "energy") else None


def is_other_quantity(name: str) -> bool:
    """Tell whether a column is something else than energy or power."""
    if "tarif" in plain(name) and mentions_power(name) is None:
        return True
    return mentions(name, "other quantity") or name.strip() in _SIGNS or price_units.is_money(name)


def is_coded(name: str) -> bool | None:
    """Tell whether a meter's code in a name is that of energy bought or fed in; None where there is no code.

    Others are reactive energy, volts, and what these two hold as well: their difference, and those of the phases.
    """
    code = _OBIS.search(name)
    return None if code is None else code[1] in _OBIS_ROLES


def marks_end(name: str) -> bool:
    """Tell whether a column of times is that of ends."""
    return mentions(name, "end") and not mentions(name, "start")


def role_of(name: str) -> Role | None:
    """Return the flow of the energy by the name of its column, or None; a meter's code comes before its words."""
    if (code := _OBIS.search(name)) is not None:
        return _OBIS_ROLES.get(code[1])
    role = next((role for role, pattern in ROLES.items() if re.search(pattern, plain(name))), None)
    return "grid_import" if role is None and mentions(name, "tariff") and mentions(name, "consumed") else role


def role_in_file(stem: str) -> Role | None:
    """Return the flow by the name of a file, or None; that it was exported says nothing of the energy."""
    return role_of(re.sub(r"(?<!grid )\b(?:ex|im)port\w*", "", plain(stem)))
