"""What the units of prices mean: the part of a currency that a kWh costs, as in ct/kWh, `price_eur_per_mwh` or öre.

A unit of energy that stands behind a slash or "per", or beside money, is that of a price. The words are those of the
exports of markets and suppliers that were seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODES = frozenset("EUR GBP USD AUD NZD CAD CHF SEK NOK DKK PLN CZK HUF ISK JPY INR ZAR BRL".lower().split(" "))
_SIGNS = {"€": "EUR", "£": "GBP", "$": "", "zł": "PLN", "kč": "CZK", "ft": "HUF", "kr": "", "euro": "EUR"}
_CENTS = ("EUR", "USD", "AUD", "NZD", "CAD")
_HUNDREDTHS = {
    **dict.fromkeys(("ct", "cent", "cents", "cts", "c", "¢"), _CENTS),
    **dict.fromkeys(("p", "pence", "penny"), ("GBP",)),
    **dict.fromkeys(("öre", "øre", "ore", "øre"), ("SEK", "NOK", "DKK")),
    **dict.fromkeys(("rp", "rappen"), ("CHF",)),
    **dict.fromkeys(("gr", "grosz", "groszy"), ("PLN",)),
    **dict.fromkeys(("snt", "centimes", "centesimi", "céntimos", "centimos"), ("EUR",)),
}
"""Words for the hundredth of a currency, and the currencies that have it."""

_SHORT = ("p", "c", "ore", "rp", "gr")
"""Those that are something else where no price is named and nothing is counted by energy, as in P (kWh)."""

_PER = ("per", "pro", "je", "por", "par", "pr")
_ENERGY = {"kwh": 1.0, "mwh": 1e-3, "kilowattstunde": 1.0, "kilowatthour": 1.0}
_PRICE = re.compile(
    r"price|preis|prij[sz]|prezz|preci|preço|\b(?:el|spot|strøm|ström|strom)?pris(?:er|et)?\b|\bprix\b|\bhinta\b|"
    r"\bceny?\b|\bcena\b|\bpvpc\b|\bspot\b|nord ?pool|\b(?:current|unit|tariff|agile|day|night) rates?\b|\bagile\b|"
    r"\b(?:ex|in)cl? vat\b|day ahead (?:auk?c?tion)"
)
_USE = re.compile(r"consum|consom|verbrauch|verbruik|forbruk|forbrug|förbruk|usage|\bused?\b")
_COST = re.compile(r"\b(?:cost|kosten|betrag|amount|costo|coste|coût|kostnad)\w*")


@dataclass(frozen=True)
class PriceUnit:
    """What a price is in: `factor` turns it into a currency's main unit a kWh, which is one of `currencies`.

    Without currencies it is the home's; `known` tells that the name says both the money and the energy.
    """

    factor: float = 1.0
    currencies: tuple[str, ...] = ()
    known: bool = False


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, a slash as "per" and signs of currencies apart."""
    parted = re.sub(r"(?<=[a-jl-zø])(?=[A-Z])|(?<=[A-Z])(?=_)", " ", name).lower()
    parted = re.sub(r"([€£$¢])", r" \1 ", parted.replace("/", " per "))
    return re.sub(r"[^\w€£$¢]+|_", " ", parted).split()


def unit_of(name: str) -> PriceUnit | None:
    """Return the unit of a price that a name or a unit holds; None where it says nothing of money or of energy.

    Examples
    --------
    >>> unit_of("Preis (ct/kWh)").factor, unit_of("price_eur_per_mwh").currencies, unit_of("g/kWh")
    (0.01, ('EUR',), None)
    """
    words = words_of(name)
    at = next((place for place, word in enumerate(words) if word in _ENERGY), None)
    if at is None:
        return None
    behind = at > 0 and words[at - 1] in _PER
    beside = {*words[max(at - 1 - behind, 0) : at], *words[at + 1 : at + 2]}
    codes = [word for word in words if word in _CODES]
    codes += [word for word in words if word in _SIGNS and (word in beside or not word.isalpha())]
    small = [word for word in words[max(at - 2 - behind, 0) : at] if word in _HUNDREDTHS]
    is_sure = small and (
        behind or (words[at - 1] == small[-1] and (small[-1] not in _SHORT or _PRICE.search(name.lower())))
    )
    if not codes and not is_sure:
        is_named = behind and (_PRICE.search(" ".join(words)) or _COST.search(" ".join(words)))
        return PriceUnit(_ENERGY[words[at]]) if is_named else None
    main = dict.fromkeys(_SIGNS.get(word, word.upper()) for word in codes)
    currencies = tuple(code for code in main if code) or (_HUNDREDTHS[small[-1]] if small else ())
    return PriceUnit((0.01 if small else 1.0) * _ENERGY[words[at]], currencies, True)


def is_price(name: str) -> bool:
    """Tell whether a name is that of a price, not of energy that has one."""
    words = " ".join(words_of(name))
    return unit_of(name) is not None or (_PRICE.search(words) is not None and _USE.search(words) is None)


def is_money(name: str) -> bool:
    """Tell whether a name is that of a price or of an amount of money."""
    words = words_of(name)
    amount = any(word in _CODES or (word in _SIGNS and not word.isalpha()) for word in words)
    return amount or is_price(name) or _COST.search(" ".join(words)) is not None


def is_behind(text: str) -> bool:
    """Tell whether what follows a text is what something is counted by, as behind "ct/" or "per".

    Behind a slash stands the unit of a quantity, too, as in "Energie / kWh".
    """
    if re.search(r"(?:\b(?i:per|pro|je|por|par|pr)|(?<=[a-z])Per)[ .]*$", text):
        return True
    before = re.search(r"([^\W\d]*)[\])]?\s*/\s*$", text)
    if before is None or before[1] in ("E", "P"):
        return False
    is_quantity = len(before[1]) > 3 and not before[1].lower().startswith(("gram", "mile"))
    return not is_quantity or is_money(f"{before[1]}/kWh")


def hundredth_of(currency: str) -> str:
    """Return the word for the hundredth of a currency, "" where none is known."""
    return next((word for word, codes in _HUNDREDTHS.items() if currency in codes), "")
