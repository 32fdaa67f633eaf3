"""Numbers as texts, as Go writes them, since people and label values carry that form."""

from __future__ import annotations

import math
from decimal import Decimal

_EXPONENT_FROM = 6
_EXPONENT_BELOW = -4


def format_fixed(value: float) -> str:
    """Return the shortest decimal that reads back as ``value``, without an exponent: ``1000000``, ``+Inf``, ``NaN``."""
    if not math.isfinite(value):
        return format_special(value)
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def format_general(value: float) -> str:
    """Return the shortest decimal that reads back as ``value``, with an exponent if it is large or small: ``1e+06``."""
    if not math.isfinite(value):
        return format_special(value)
    if value == 0 or _EXPONENT_BELOW <= math.floor(math.log10(abs(value))) < _EXPONENT_FROM:
        return format_fixed(value)
    mantissa, _, exponent = format(value, ".17e").partition("e")
    digits = Decimal(repr(value)).normalize().as_tuple().digits
    mantissa = "".join(map(str, digits[:1])) + ("." + "".join(map(str, digits[1:])) if len(digits) > 1 else "")
    sign = "-" if value < 0 else ""
    return f"{sign}{mantissa}e{exponent}"


def format_open_metrics(value: float) -> str:
    """Return ``value`` as OpenMetrics canonically has it in labels: ``1.0``, ``0.25``, ``1e+10``."""
    if not math.isfinite(value):
        return format_special(value)
    text = format_general(value)
    return text if "." in text or "e" in text else text + ".0"


def format_special(value: float) -> str:
    """Return NaN and the infinities as Prometheus writes them."""
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def quote_bytes(text: str) -> str:
    """Return ``text`` in quotes as Go's %q writes it; lone surrogates are the bytes that they stand for."""
    out = []
    for letter in text:
        code = ord(letter)
        if 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif letter in _SHORT:
            out.append(_SHORT[letter])
        elif code < 0x20 or code == 0x7F:
            out.append(f"\\x{code:02x}")
        else:
            out.append(letter)
    return f'"{"".join(out)}"'


_SHORT = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def is_utf8(text: str) -> bool:
    """Whether ``text`` holds no byte that is not UTF-8."""
    return not any("\ud800" <= letter < "\ue000" for letter in text)
