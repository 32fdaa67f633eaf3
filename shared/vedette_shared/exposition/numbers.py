"""Sample values as text, in the notation of Go's ``strconv``, which every exporter and server of this family speaks."""

from __future__ import annotations

from math import inf, isnan

_PLAIN_BELOW = 1e6
_REPR_IS_PLAIN_BELOW = 1e16
_CACHE_SIZE = 16_384
_SPECIAL = {inf: "+Inf", -inf: "-Inf", 0.0: "0"}

_cache: dict[float, str] = dict(_SPECIAL)


def format_value(value: float) -> str:
    """Return the shortest text that reads back as ``value``: ``1``, ``0.25``, ``1.5e+06``, ``NaN``, ``+Inf``."""
    text = _cache.get(value)
    if text is None:
        text = _format(value)
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
            _cache.update(_SPECIAL)
        if text != "NaN":
            _cache[value] = text
    return text


def parse_value(text: str) -> float:
    """Return the value of a sample, a text without blanks.

    Raises:
        ValueError: it is not a decimal number, ``NaN`` or an infinity.
    """
    if "_" in text or not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} is not a number")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


def _format(value: float) -> str:
    if isnan(value):
        return "NaN"
    text = repr(float(value))
    if not _PLAIN_BELOW <= abs(value) < _REPR_IS_PLAIN_BELOW:
        return text.removesuffix(".0")
    sign = "-" if value < 0 else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    digits = (whole + fraction).rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{sign}{mantissa}e+{len(whole) - 1:02}"
