"""What the name of a column tells of it, in the languages of the exports that were seen."""

from __future__ import annotations

import re

from influx.core.settings import Role

_WORDS = {
    "other quantity": (
        r"temp|°|humid|price|cost|preis|prix|precio|kosten|betrag|amount|charge|€|£|\$|\beur\b|\bgbp\b|\busd\b|volt|"
        r"\bv\b|amp|\ba\b|freq|\bhz\b|\bsoc\b|percent|%|\bgas\b|m3|m³|water|wasser|\bagua|co2|carbon|factor|reactive|"
        r"k?var|\bva\b|\bkva\b|status|quality|method|metodo|serial|\bu?id\b|\bean\w*\b|week|weekday|\bday\b|month|year|number|occupan|"
        r"duration|dauer|dur[eé]e|minutes?\b|state of charge|ladezustand|"
        r"wind|cloud|irradi|rain|pressure|lux|\bnotes?\b|flag"
    ),
    "power": r"power|leistung|puissance|potencia|potenza|vermogen|demand|wattage|\bload\b|\blast\b",
    "energy": (
        r"energy|energie|energ[ií]a|electri|elektri|strom|consum|consom|verbrauch|verbruik|usage|\buse\b|used|import|export|bezug|einspeis|"
        r"production|produc|erzeug|generation|yield|ertrag|reading|register|meter|z[aä]hler|index|stand|total"
    ),
    "register": r"register|meter.?reading|z[aä]hlerstand|meterstand|\bindex\b|cumul|lifetime|counter|total.?increas",
    "limit": (
        r"\blimit\b|grenze|forecast|prognose|threshold|\bset ?point\b|\bmax(?:imum)? (?:power|demand|load|k?w\b)|"
        r"\brated\b|capacity"
    ),
    "gas": (
        r"(?:\bgas(?:verbrauch|verbruik|use|usage)?\b|\bgaz\b|erdgas|aardgas|therms?\b)"
        r"(?!.*(?:boiler|heater|oven|stove|pump|hob|cooker|furnace|fire|heiz))"
    ),
    "end": r"\bend(?:e|s|ing|time)?\b|\bto\b|\btill?\b|\bbis\b|\bhasta\b|\bfin\b|\btot\b|until|\bfine\b",
    "start": r"\bstart\w*|\bfrom\b|\bvon\b|\bdesde\b|\bdebut\b|\bd[eé]but\b|\bvan\b|\bbegin\w*|\binizio\b|"
    r"\bfra\b|\balkuaika\b",
    "series": r"device|sensor|entity|appliance|circuit|channel|name|ger[aä]t|meter|label|series|dispositivo|plug",
    "unit": (
        r"^(?:"
        r"units?(?: of measure(?:ment)?| type)?|uom|yksikk[öo]\w*|m[åa]leenhed|einheit|eenheid|unit[eé]|unidad|"
        r"unit[aà]|enhet|enhed"
        r")$"
    ),
    "utc": r"\b(?:utc|gmt)\b(?![+-])",
    "tariff": r"tarif|\bt[1-4]\b|\b(?:dal|piek|laag|hoog|off.?peak|heures creuses|heures pleines)\b",
    "consumed": r"consum|consom|verbrauch|verbruik|usage|\bused?\b",
    "extreme": r"\bmax(?:imum|imal)?\b|\bmin(?:imum|imal)?\b",
    "supply": (
        r"^(?:"
        r"(?:(?:natural |aard|erd)?gas|gaz|(?:hot |cold |drinking |tap |kalt|warm|drink)?(?:water|wasser))"
        r"(?: ?(?:usage|use|consumption|verbruik|verbrauch|meter|z[aä]hler))?"
        r")$"
    ),
}
"""What is meant by words in a name; "tariff" and "consumed" together are the meter of a connection."""

_PATTERNS = {kind: re.compile(words) for kind, words in _WORDS.items()}
_STORE = r"(?:battery|powerwall|batterie|akku|speicher|batter[ií]a)"
_CHARGED = r"(?:charg(?!\w* discharg)\w*|in\b|input\b|(?:be)?lad(?:en|ung)\b)"
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (
        "battery_out",
        re.compile(
            rf"(?<!charge )(?<!charging )(?:discharg|entlad)|{_STORE}.*\b(?:out|output)\b|{_STORE}.*entnahme|"
            rf"(?:from (?:the )?|aus (?:der |dem )?){_STORE}"
        ),
    ),
    (
        "battery_in",
        re.compile(rf"{_STORE}(?:\w*|.*\b)(?:{_CHARGED})|\b{_CHARGED}.*{_STORE}|\b(?:in)?to (?:the )?{_STORE}"),
    ),
    (
        "grid_export",
        re.compile(
            r"export|einspeis|feed.?in|returned|teruglever|vertid|injec|sold|outgoing|fed.?in|immission|inn?mat(?:n)?ing|"
            r"\b(?:in)?to (?:the )?grid|ins netz|\b\d\d produksjon"
        ),
    ),
    (
        "grid_import",
        re.compile(
            r"import|netzbezug|\bbezug\b|purchas|from.?(?:the )?grid|grid.?(?:use|consum)|delivered|afname|soutir|"
            r"pr[eé]l[eè]v|preliev|(?:aus dem|vom) netz|netzentnahme"
        ),
    ),
    ("solar", re.compile(r"solar|\bpv\b|photovolt|erzeug|\bgeneration\b|\bproduction\b|producci|produzione|yield")),
)
_GENERIC = re.compile(
    r"(?:total |net |active |\d+ |electric(?:ity)? |energy |interval |hourly |usage |meter |main )*"
    r"(?:energy|energie|energ[ií]a|consumption|consumo|consommation|verbrauch|verbruik|usage|use|value|wert|valeur|valor|reading|kwh|wh|kw|w|"
    r"electricity|strom|power|leistung|puissance|potencia|index|register|state|column \d+|total|lastgang|data|"
    r"forbruk|forbrug|f[öo]rbrukning|kulutus|m[æä]ngde?|m[äa]{2}r[äa]|quantity|interval)"
)
_TOTAL = re.compile(
    r"(?:grand )?(?:total|totaal|totale|gesamt|summe?|som|netto?|saldo|balance)(?: (?:energy|energie|electricity))?"
)
_STATISTIC = re.compile(r"[._ ](?:first|last|mean|average|avg|median|sum|max|min)(?:_value)?$", re.IGNORECASE)
_HOURS = re.compile(r"\b(?:kilo|mega)?watt ?hours?\b")
_SIGNS = ("%", "°C", "€", "£", "$")
_UNITS = ("kwh", "wh", "mwh", "kw", "w", "watt", "watts")


def plain(name: str) -> str:
    """Return a name in lower case, its words parted by blanks."""
    parted = re.sub(r"(?<=[a-jl-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[_\-./:;,()\[\]{}]+", " ", parted).lower().split())


def says(name: str, kind: str) -> bool:
    """Tell whether a name says what is meant by a `kind`.

    It is one of: other quantity, power, energy, register, limit (what could flow or may flow at most), gas (which some
    write in kWh; an appliance that burns gas needs electricity, too), supply (of something else than electricity),
    start, end, series, unit, utc, tariff, consumed, extreme (the largest or smallest value of an interval).

    Examples
    --------
    >>> says("Max. demand", "extreme"), says("Zählerstand", "register"), says("Zählerstand", "gas")
    (True, True, False)
    """
    return _PATTERNS[kind].search(plain(name)) is not None


def is_aside(name: str) -> bool:
    """Tell whether a column is something else than energy or power."""
    if "tarif" in plain(name) and says_power(name) is None:
        return True
    return says(name, "other quantity") or name.strip() in _SIGNS


def says_power(name: str) -> bool | None:
    """Tell whether a name says power, or energy; None where it says neither."""
    if says(name, "power"):
        return None if re.search(r"energy|consum", plain(name)) else True
    return False if says(name, "energy") else None


def role_of(name: str) -> Role | None:
    """Return the flow that a name says, or None."""
    words = plain(name)
    role = next((role for role, pattern in _ROLES if pattern.search(words)), None)
    return "grid_import" if role is None and says(name, "tariff") and says(name, "consumed") else role


def role_in_file(stem: str) -> Role | None:
    """Return the flow that the name of a file says, or None; that it was exported says nothing of the energy."""
    return role_of(re.sub(r"(?<!grid )\b(?:ex|im)port\w*", "", plain(stem)))


def marks_end(name: str) -> bool:
    """Tell whether a column of times is that of ends."""
    return says(name, "end") and not says(name, "start")


def is_total(name: str) -> bool:
    """Tell whether a name says no more than that this is the sum of others."""
    return _TOTAL.fullmatch(without_unit(name)) is not None


def is_generic(name: str) -> bool:
    """Tell whether a name says nothing but that this is the energy."""
    return _GENERIC.fullmatch(without_unit(name)) is not None or not without_unit(name)


def without_statistic(name: str) -> str:
    """Return a name without what a database did with its values, as in kWh.first."""
    return _STATISTIC.sub("", name)


def without_unit(name: str) -> str:
    """Return a plain name without its unit."""
    return " ".join(word for word in _HOURS.sub("", plain(name)).split() if word not in _UNITS)


def device_of(name: str) -> str:
    """Return a column's name as that of a device: without its unit, otherwise as it is written."""
    bare = re.sub(r"[\s_\-]*[(\[{]?\s*\b(?:kWh|Wh|MWh|kW|W|watts?)\b\s*[)\]}]?\s*$", "", name, flags=re.IGNORECASE)
    bare = re.sub(r"_(?:kwh|wh|mwh|kw|w|watts?)$", "", bare, flags=re.IGNORECASE).strip(" _-")
    return bare or name
