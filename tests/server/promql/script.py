"""The script language of Prometheus' own tests: ``clear``, ``load`` and ``eval`` with what the evaluation must yield.

``SCRIPT_LANGUAGE.md`` beside the scripts describes it. Lines are trimmed; a comment is a blank line, and a blank line
ends a block.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from vedette_server.promql.lexer import tokenize, unquote
from vedette_shared.durations import parse_duration
from vedette_shared.frames import STALE_NAN
from vedette_shared.labels import METRIC_NAME, Labels, make_labels

_LOAD = re.compile(r"load(?:_(with_nhcb))?\s+(.+?)")
_INSTANT = re.compile(r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)")
_RANGE = re.compile(r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)")
_EXPECT = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?")
_EXPECT_RANGE = re.compile(r"expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)")
_EXPECT_STRING = "expect string"
_HISTOGRAM = r"\{\{.*?\}\}"
_NUMBER = r"[+-]?(?:[0-9][0-9a-fA-Fx._]*?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[iI]nf|[nN]a[nN])"
_ITEM = re.compile(
    rf"\s*(?:(?P<omitted>_)|(?P<stale>stale)|(?P<histogram>{_HISTOGRAM}(?:[+-]{_HISTOGRAM})?)|(?P<number>{_NUMBER})"
    rf"(?P<delta>[+-][0-9.][0-9.]*(?:[eE][+-]?[0-9]+)?)?)(?:x(?P<times>[0-9]+))?(?=\s|$)"
)


class ScriptError(Exception):
    """A script is malformed."""


@dataclass(frozen=True, slots=True)
class NativeHistogram:
    """A sample that is a native histogram; what is in it does not matter, since it is not supported yet."""

    text: str


Sample: TypeAlias = float | NativeHistogram | None
"""A value in a sequence; ``None`` where a sample is left out."""


@dataclass(frozen=True, slots=True)
class Load:
    """Series to add, one sample every ``gap`` ms from time 0."""

    gap: int
    series: tuple[tuple[Labels, tuple[Sample, ...]], ...]
    with_nhcb: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove everything that was loaded."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an error, a warning or an info must look like; without message and pattern, anything will do."""

    message: str | None = None
    pattern: re.Pattern[str] | None = None

    def matches(self, text: str) -> bool:
        """Whether ``text`` is as expected."""
        if self.message is not None:
            return text == self.message
        return self.pattern is None or self.pattern.search(text) is not None


@dataclass(slots=True)
class Eval:
    """A query and what it must yield. An instant query has ``step`` 0 and its time in ``end``."""

    line: int
    query: str
    start: int
    end: int
    step: int
    is_range: bool
    expect: dict[str, list[Expectation]] = field(default_factory=dict)
    scalar: float | None = None
    text: str | None = None
    series: dict[Labels, tuple[Sample, ...]] = field(default_factory=dict)
    range_vector: tuple[int, int, int] | None = None


Command: TypeAlias = Load | Clear | Eval


def read_script(path: Path) -> list[Command]:
    """Return the commands of a script.

    Raises:
        ScriptError: a line makes no sense; names file and line.
    """
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    lines = ["" if line.startswith("#") else line for line in lines]
    commands: list[Command] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        word = line.split(maxsplit=1)[0].lower() if line else ""
        try:
            if word.startswith("load"):
                command, position = _read_load(lines, position)
                commands.append(command)
            elif word.startswith("eval"):
                evaluation, position = _read_eval(lines, position)
                commands.append(evaluation)
            elif word == "clear":
                commands.append(Clear())
            elif word:
                raise ScriptError(f"invalid command {line!r}")
        except ValueError as error:
            raise ScriptError(f"{path.name}:{position + 1}: {error}") from error
        except ScriptError as error:
            raise ScriptError(f"{path.name}:{position + 1}: {error}") from None
        position += 1
    return commands


def _read_load(lines: list[str], position: int) -> tuple[Load, int]:
    match = _LOAD.fullmatch(lines[position])
    if match is None:
        raise ScriptError("invalid load command")
    series: dict[Labels, tuple[Sample, ...]] = {}
    while position + 1 < len(lines) and lines[position + 1]:
        position += 1
        if not lines[position].split(maxsplit=1)[0].endswith("@st"):
            labels, samples = read_series(lines[position])
            series[labels] = samples
    return Load(parse_duration(match[2]), tuple(series.items()), match[1] is not None), position


def _read_eval(lines: list[str], position: int) -> tuple[Eval, int]:
    found = _eval_head(lines[position], position + 1)
    while position + 1 < len(lines) and lines[position + 1]:
        position += 1
        if not _read_expectation(found, lines[position]):
            break
    return found, position


def _eval_head(line: str, number: int) -> Eval:
    match = _INSTANT.fullmatch(line)
    if match is not None:
        time = parse_duration(match[2])
        found = Eval(number, match[3], time, time, 0, is_range=False)
    else:
        match = _RANGE.fullmatch(line)
        if match is None:
            raise ScriptError("invalid evaluation command")
        start, end, step = (parse_duration(part) for part in match.groups()[1:4])
        found = Eval(number, match[5], start, end, step, is_range=True)
    if match[1]:
        found.expect[match[1]] = [Expectation()]
    return found


def _read_expectation(found: Eval, line: str) -> bool:
    """Take in one line below an ``eval``; tell whether more may follow."""
    for prefix, kind in (("expected_fail_message", "msg"), ("expected_fail_regexp", "regex")):
        if "fail" in found.expect and line.startswith(prefix):
            found.expect["fail"] = [_expectation(kind, line.removeprefix(prefix))]
            return False
    if (ranged := _EXPECT_RANGE.fullmatch(line)) is not None:
        start, end, step = (parse_duration(part) for part in ranged.groups())
        found.range_vector = (start, end, step)
        return True
    if line.startswith(_EXPECT_STRING):
        literal = line.removeprefix(_EXPECT_STRING).strip()
        found.text = unquote(tokenize(literal)[0], literal)
        return True
    if line.split(" ", maxsplit=1)[0] == "expect":
        match = _EXPECT.fullmatch(line)
        if match is None:
            raise ScriptError(f"invalid expect line {line!r}")
        found.expect.setdefault(match[1], []).append(_expectation(match[2], match[3] or ""))
        return True
    number = _bare_number(line)
    if number is not None:
        found.scalar = number
        return False
    labels, samples = read_series(line)
    found.series[labels] = samples
    return True


def _expectation(kind: str | None, text: str) -> Expectation:
    if kind == "msg":
        return Expectation(message=text.strip())
    return Expectation(pattern=re.compile(text.strip())) if kind == "regex" else Expectation()


def _bare_number(line: str) -> float | None:
    try:
        if re.fullmatch(r"[+-]?0[0-7]+", line):
            return float(int(line, 8))
        return float(int(line, 16) if "0x" in line.lower() else float(line))
    except ValueError:
        return None


def read_series(line: str) -> tuple[Labels, tuple[Sample, ...]]:
    """Return the label set and the samples of a line such as ``up{host="a"} 0 1+1x5 _ stale``."""
    labels, rest = _read_labels(line)
    samples: list[Sample] = []
    position = 0
    rest = rest.strip()
    while position < len(rest):
        match = _ITEM.match(rest, position)
        if match is None:
            raise ScriptError(f"cannot read the samples {rest[position:]!r}")
        samples.extend(_expand(match))
        position = match.end()
        position += len(rest[position:]) - len(rest[position:].lstrip())
    return labels, tuple(samples)


def _expand(match: re.Match[str]) -> Iterator[Sample]:
    times = int(match["times"]) if match["times"] else 0
    if match["omitted"]:
        yield from [None] * (times if match["times"] else 1)
    elif match["stale"]:
        yield from [STALE_NAN] * (times + 1)
    elif match["histogram"]:
        yield from [NativeHistogram(match["histogram"])] * (times + 1)
    else:
        value = _float(match["number"])
        delta = float(match["delta"] or 0)
        for _ in range(times + 1):
            yield value
            value += delta


def _float(text: str) -> float:
    return float(int(text, 16)) if "0x" in text.lower() else float(text)


def _read_labels(line: str) -> tuple[Labels, str]:
    """Cut a line after its metric, and read that."""
    match = re.match(r"[a-zA-Z_:][a-zA-Z0-9_:]*", line)
    name = match.group() if match else ""
    end = len(name)
    pairs: list[tuple[str, str]] = [(METRIC_NAME, name)] if name else []
    if line[end : end + 1] == "{":
        close = _closing_brace(line, end)
        text = line[end + 1 : close]
        end = close + 1
        pairs += _pairs(text)
    elif re.match(r"\s*\{(?!\{)", line[end:]):
        raise ScriptError("a space before the labels")
    return make_labels(pairs), line[end:]


def _closing_brace(line: str, start: int) -> int:
    quote = ""
    position = start
    while position < len(line):
        letter = line[position]
        if quote:
            if letter == "\\" and quote != "`":
                position += 1
            elif letter == quote:
                quote = ""
        elif letter in "\"'`":
            quote = letter
        elif letter == "}":
            return position
        position += 1
    raise ScriptError("the braces are not closed")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    tokens = tokenize(text)
    position = 0
    while tokens[position].kind != "end":
        token = tokens[position]
        name = unquote(token, text) if token.kind == "string" else token.text
        if tokens[position + 1].kind == "=":
            yield name, unquote(tokens[position + 2], text)
            position += 3
        else:
            yield METRIC_NAME, name
            position += 1
        position += tokens[position].kind == ","


def almost_equal(a: float, b: float, epsilon: float = 1e-6) -> bool:
    """Whether two values are the same but for rounding; NaN equals NaN."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return True
    smallest = 2.2250738585072014e-308
    total, difference = abs(a) + abs(b), abs(a - b)
    if a == 0 or b == 0 or total < smallest:
        return difference < epsilon * smallest
    return difference / min(total, 1.7976931348623157e308) < epsilon
