"""A series as a line of a page begins with it: ``name{label="value"}`` or ``{"name",label="value"}``, both ways."""

from __future__ import annotations

import re

from vedette_shared.labels import METRIC_NAME, Labels, is_legacy_label_name, is_legacy_metric_name, quote

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_BLANKS = re.compile(r"[ \t]*")
_PAIR = re.compile(rf"(?:([a-zA-Z_][a-zA-Z0-9_]*)|{_QUOTED})[ \t]*=[ \t]*{_QUOTED}[ \t]*", re.DOTALL)
_QUOTED_NAME = re.compile(rf"{_QUOTED}[ \t]*(?=[,}}])", re.DOTALL)
_PLAIN_PAIR = r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]*)"'
_PLAIN_PAIRS = re.compile(_PLAIN_PAIR)
_PLAIN = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_PLAIN_PAIR}(?:,{_PLAIN_PAIR})*)?\}})?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "\\": "\\", '"': '"'}
_CACHE_SIZE = 65_536

_prefixes: dict[tuple[str, Labels], str] = {}
_parsed: dict[str, tuple[str, Labels]] = {}


def series_prefix(name: str, labels: Labels) -> str:
    """Return what stands before the value on a line, with the blank between them."""
    key = (name, labels)
    prefix = _prefixes.get(key)
    if prefix is None:
        if len(_prefixes) >= _CACHE_SIZE:
            _prefixes.clear()
        prefix = _prefixes[key] = f"{format_name_and_labels(name, labels)} "
    return prefix


def format_name_and_labels(name: str, labels: Labels) -> str:
    """Return a series as pages write it, without blanks: ``name{a="b",c="d"}``."""
    pairs = [f"{key if is_legacy_label_name(key) else quote(key)}={quote(value)}" for key, value in labels]
    if is_legacy_metric_name(name):
        return f"{name}{{{','.join(pairs)}}}" if pairs else name
    return f"{{{','.join([quote(name), *pairs])}}}"


def parse_series(text: str) -> tuple[str, Labels]:
    """Return the name and the labels, without ``__name__`` and without empty ones, of a series; blanks may follow it.

    Raises:
        ValueError: the text is not one series.
    """
    known = _parsed.get(text)
    if known is None:
        name, labels = _parse(text)
        if len(_parsed) >= _CACHE_SIZE:
            _parsed.clear()
        known = _parsed[text] = (name, tuple(pair for pair in labels if pair[1]))
    return known


def _parse(text: str) -> tuple[str, Labels]:
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        pairs = _PLAIN_PAIRS.findall(plain[2]) if plain[2] else []
        names = dict(pairs)
        if len(names) == len(pairs) and METRIC_NAME not in names:
            return plain[1], tuple(sorted(pairs))
    name, labels, end = read_series(text)
    if _BLANKS.fullmatch(text, end) is None:
        raise ValueError(f"unexpected {text[end:]!r} after the series")
    return name, labels


def read_series(text: str) -> tuple[str, Labels, int]:
    """Return (name, labels, where the series ends) of the series that ``text`` begins with; empty labels are kept.

    Raises:
        ValueError: it begins with none.
    """
    match = _NAME.match(text)
    name = match[0] if match else ""
    at = _skip_blanks(text, match.end() if match else 0)
    if text[at : at + 1] != "{":
        if not match:
            raise ValueError("a line begins with the name of a metric")
        return name, (), match.end()
    inner_name, labels, end = read_labels(text, at)
    if inner_name and name:
        raise ValueError("the metric is named twice")
    if not (inner_name or name):
        raise ValueError("the metric has no name")
    return name or inner_name, labels, end


def read_labels(text: str, at: int) -> tuple[str, Labels, int]:
    """Return (quoted metric name or "", labels, where they end) of the braces that open at ``text[at]``.

    Raises:
        ValueError: the braces do not hold labels.
    """
    name = ""
    pairs: dict[str, str] = {}
    at = _skip_blanks(text, at + 1)
    while text[at : at + 1] != "}":
        if match := _PAIR.match(text, at):
            label = match[1] if match[1] is not None else unescape(match[2])
            if label in pairs:
                raise ValueError(f"label {label!r} stands twice")
            if not label:
                raise ValueError("a label has no name")
            if label == METRIC_NAME:
                raise ValueError(f"a label cannot be {METRIC_NAME}, which is the name of the metric")
            pairs[label] = unescape(match[3])
        elif not name and not pairs and (match := _QUOTED_NAME.match(text, at)):
            name = unescape(match[1])
        else:
            raise ValueError(f'expected label="value" at {text[at : at + 20]!r}')
        at = match.end()
        if text[at : at + 1] == ",":
            at = _skip_blanks(text, at + 1)
        elif text[at : at + 1] != "}":
            raise ValueError(f"expected a comma or a closing brace at {text[at : at + 20]!r}")
    return name, tuple(sorted(pairs.items())), at + 1


def unescape(text: str) -> str:
    r"""Return ``text`` with ``\\``, ``\"`` and ``\n`` replaced by what they stand for; other backslashes are kept."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), text)


def _skip_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at
