"""Units and scales as five languages write them. Tables only: nothing is converted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CURRENCIES = {
    "dollar": "$ us$ usd dollar dollars",
    "euro": "€ eur euro euros",
    "pound": "£ gbp",
    "yen": "¥ jpy yen",
    "rupee": "₹ inr rupee rupees",
    "bitcoin": "₿ btc bitcoin bitcoins",
    "satoshi": "sat sats satoshi satoshis",
    "franc": "chf franc francs franken",
}
_MEASURES = {
    "%": "% percent per-cent pct percentage-point percentage-points point points prozent"
    " prozentpunkte pour-cent por-ciento por-cento",
    "‰": "‰",
    "ns": "ns nanosecond nanoseconds nanosekunden",
    "µs": "µs μs microsecond microseconds mikrosekunden",
    "ms": "ms millisecond milliseconds millisekunden",
    "s": "sec secs second seconds sekunde sekunden seconde secondes segundo segundos",
    "min": "min mins minute minutes minuten minuto minutos",
    "h": "hr hrs hour hours stunde stunden heure heures hora horas",
    "day": "day days tag tage tagen jour jours día días dia dias",
    "week": "week weeks woche wochen semaine semaines semana semanas",
    "month": "month months monat monate monaten mois mes meses mês",
    "year": "year years yr yrs jahr jahre jahren an ans année années año años ano anos",
    "decade": "decade decades jahrzehnt jahrzehnte jahrzehnten décennies década décadas",
    "century": "century centuries jahrhundert jahrhunderte siècle siècles siglo siglos",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "cm": "cm centimetre centimetres centimeter centimeters zentimeter",
    "metre": "metre metres meter meters mètre mètres metro metros",
    "km": "km kms kilometre kilometres kilometer kilometers kilomètre kilomètres kilómetros",
    "mile": "mile miles meile meilen",
    "foot": "foot feet ft",
    "inch": "inch inches",
    "mg": "mg milligram milligrams",
    "gram": "gram grams gramme grammes gramm",
    "kg": "kg kilo kilos kilogram kilograms kilogramm",
    "tonne": "tonne tonnes ton tons tonnen",
    "ml": "ml millilitre millilitres milliliter milliliters",
    "litre": "litre litres liter liters",
    "kb": "kb kib kilobyte kilobytes",
    "mb": "mb mib megabyte megabytes",
    "gb": "gb gib gigabyte gigabytes",
    "tb": "tb tib terabyte terabytes",
    "watt": "watt watts",
    "kw": "kw kilowatt kilowatts",
    "mw": "mw megawatt megawatts",
    "gw": "gw gigawatt gigawatts",
    "kwh": "kwh kilowatt-hour kilowatt-hours",
    "acre": "acre acres",
    "hectare": "ha hectare hectares hektar",
    "times": "x × times fold fois veces vezes",
    "degree": "° degree degrees °c °f grad",
}
SCALES: Final[Mapping[int, str]] = {
    10**2: "hundred hundert",
    10**3: "k thousand tausend mille mil",
    10**6: "m mn mio million millions millionen millón millones milhão milhões",
    10**9: "b bn mrd billion billions milliarde milliarden milliard milliards",
    10**12: "tn trillion trillions billionen",
}
"""What a word multiplies the number before it by."""


def _written() -> dict[str, str]:
    kinds = {**_CURRENCIES, **_MEASURES}
    return {written: unit for unit, words in kinds.items() for written in words.split()}


UNITS: Final[Mapping[str, str]] = _written()
"""Every way to write a unit, folded -> the unit."""
