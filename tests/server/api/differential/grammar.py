"""Random queries whose answers are the same since Prometheus 2.42. What is left out, since it is not:

- ranges, lookbacks and subqueries with a sample or a step on their bound (closed before 3.0), by the times chosen;
- functions, aggregations and modifiers that came later, and ``holt_winters``, which has another name now;
- selectors without a metric name and grouping by ``__name__``: names are dropped at the end of the evaluation now;
- ``atan2`` between vectors, which kept the metric name;
- ``rate`` and ``increase`` of what comes close to 0: the extrapolation to zero is bounded otherwise now.

One thing is left out as Prometheus does it wrong: ``predict_linear`` of a range with ``@`` sees a window that moves
with the steps there, though its time is fixed.

Sums are compensated now, so that values differ in their last digits. What makes much of such a difference is
left out too: an operation that jumps or blows up (rounding, comparison, remainder, root, division, rank) is applied
to samples as they are, never to what was computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.server.api.differential.data import HOSTS, MODES, ZONES

Query = st.SearchStrategy[str]

OVER_TIME = ("avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar")
SUMS, DEVIATIONS = ("sum", "avg", "count", "min", "max", "group"), ("stddev", "stdvar")
GROUPINGS = ("", " by (host)", " by (zone, host)", " without (zone)", " by (nothing)", " without (host, mode)")
RANGES = ("1m", "2m30s", "5m", "17m", "1h")
LINEAR = ("+", "-", "*")


def chosen(*texts: str) -> Query:
    """One of ``texts``."""
    return st.sampled_from(texts)


def put(template: str, **parts: Query | tuple[str, ...]) -> Query:
    """``template`` with its ``{names}`` filled in; a tuple stands for one of its texts."""
    strategies = {name: chosen(*part) if isinstance(part, tuple) else part for name, part in parts.items()}
    return st.fixed_dictionaries(strategies).map(lambda filled: template.format(**filled))


class Metric:
    """Selectors of one metric: ``instant`` vectors, ``ranges``, and ``moving`` ranges, whose time is not fixed."""

    def __init__(self, name: str, label: str, values: tuple[str, ...], base: int) -> None:
        matchers = st.one_of(
            st.just(""),
            put('{{host="{host}"}}', host=HOSTS),
            put('{{host=~"{one}|{other}"}}', one=HOSTS, other=HOSTS),
            put('{{host!~"{host}.*",' + label + '!="{value}"}}', host=HOSTS, value=values),
        )
        offsets = chosen("", "", " offset 1m30s", " offset -45s")
        fixed = st.one_of(
            chosen(" @ start()", " @ end()"),
            st.integers(1000, 6000).map(lambda second: f" @ {base + second + 0.4:.1f}"),
        )
        shifts = st.one_of(offsets, fixed)
        self.instant = put("{name}{matchers}{shift}", name=(name,), matchers=matchers, shift=shifts)
        template = "{name}{matchers}[{range}]{shift}"
        self.ranges = put(template, name=(name,), matchers=matchers, range=RANGES, shift=shifts)
        self.moving = put(template, name=(name,), matchers=matchers, range=RANGES, shift=offsets)


@dataclass
class Grammar:
    """Queries over the data that begins at ``base``, in seconds."""

    base: int
    constants: Query = field(default_factory=lambda: chosen("2", "-0.5", "1e3", "0.25"))

    def __post_init__(self) -> None:
        self.gauge = Metric("gauge", "zone", ZONES, self.base)
        self.number = Metric("number", "zone", ZONES, self.base)
        self.counter = Metric("events_total", "mode", MODES, self.base)
        self.bucket = Metric("size_bucket", "le", ("0.5", "+Inf"), self.base)
        self.sampled = self.gauge.instant | self.number.instant
        self.exact = self.sampled | self.counter.instant
        self.scalars = self.constants | put("scalar({v})", v=self.gauge.instant) | st.just("time()")
        self.vectors: Query = st.deferred(lambda: self.exact | st.one_of(self._compound()))

    def queries(self) -> Query:
        """Vectors and scalars."""
        return self.vectors | self.scalars

    def _compound(self) -> list[Query]:
        return [
            self.over_time(),
            self.rates(),
            self.smooth(),
            self.jumping(),
            self.ranked(),
            self.aggregated(),
            self.with_scalars(),
            self.matched(),
            self.sets(),
            self.labelled(),
            self.histograms(),
            self.dates(),
        ]

    def over_time(self) -> Query:
        v, q = self.vectors, ("0.3", "0", "1", "0.99")
        subqueries = put("({v})[{bounds}]", v=v, bounds=("10m:45s", "13m:2m", "7m:", "90s:15s"))
        windows = self.gauge.ranges | self.number.ranges | subqueries
        moving = self.gauge.moving | self.counter.moving | subqueries
        samples = self.gauge.ranges | self.number.ranges | self.counter.ranges
        return st.one_of(
            put("{f}_over_time({w})", f=OVER_TIME, w=windows),
            put("quantile_over_time({q}, {w})", q=q, w=windows),
            put("{f}({w})", f=("delta", "deriv", "idelta", "absent_over_time"), w=windows),
            put("{f}({w})", f=("changes", "resets"), w=samples),
            put("predict_linear({w}, {t})", w=moving, t=("600", "-90.5")),
        )

    def rates(self) -> Query:
        return put("{f}({w})", f=("rate", "increase", "irate"), w=self.counter.ranges)

    def smooth(self) -> Query:
        """Functions of which a small difference stays small."""
        v, s = self.vectors, self.constants
        return st.one_of(
            put("{f}({v})", f=("abs", "sin", "cos", "atan", "deg", "-", "+", "absent", "sort"), v=v),
            put("{f}({v}, {s})", f=("clamp_min", "clamp_max"), v=v, s=s),
            put("clamp({v}, {a}, {b})", v=v, a=s, b=s),
        )

    def jumping(self) -> Query:
        """Functions and operators of which it does not."""
        v = self.exact
        functions = ("ceil", "floor", "sgn", "sqrt", "ln", "log2", "log10", "round", "timestamp")
        comparisons = ("==", "!=", "<", "<=", ">", ">=")
        return st.one_of(
            put("{f}({v})", f=functions, v=v),
            put("round({v}, {s})", v=self.gauge.instant, s=("0.5", "10")),
            put("{v} {op} {bool}{s}", v=v, op=comparisons, bool=("", "bool "), s=("1", "50", "1e6")),
            put("{v} {op} {s}", v=v, op=("%", "/"), s=("7", "0.3", "-11")),
        )

    def ranked(self) -> Query:
        f, v = ("topk", "bottomk"), self.gauge.instant
        return st.one_of(
            put("{f}({k}, {v})", f=f, k=("1", "3", "0"), v=v),
            put("{f} by ({g}) ({k}, {v})", f=f, g=("host", "zone"), k=("1", "2"), v=v),
            put('count_values("count", {v})', v=self.number.instant),
        )

    def aggregated(self) -> Query:
        return st.one_of(
            put("{f}{g} ({v})", f=SUMS, g=GROUPINGS, v=self.vectors),
            put("{f}{g} ({v})", f=DEVIATIONS, g=GROUPINGS, v=self.sampled),
            put("quantile{g} ({q}, {v})", g=GROUPINGS, q=("0.5", "0.9", "0"), v=self.sampled),
        )

    def with_scalars(self) -> Query:
        v, s = self.vectors, self.scalars
        return st.one_of(
            put("({v}) {op} {s}", v=v, op=LINEAR, s=s),
            put("{s} {op} ({v})", v=v, op=LINEAR, s=s),
            put("{s} / {v}", s=s, v=self.exact),
            put("-({v})", v=v),
        )

    def matched(self) -> Query:
        a, b, c = self.gauge.instant, self.number.instant, self.counter.instant
        many = "{c} {op} on (host) group_left () {f} by (host) ({v})"
        return st.one_of(
            put("{a} {op} {b}", a=a, b=b, op=(*LINEAR, "/", "%", ">", "== bool")),
            put("{a} {op} on (host, zone) {b}", a=a, b=b, op=("+", "<=", "!=")),
            put(many, c=c, v=self.vectors, f=("sum", "max"), op=LINEAR),
            put("sum by (host) ({b}) {op} ignoring (zone) group_right (mode) {a}", a=a, b=b, op=("+", "*")),
            put("{a} {op} {c}", a=a, c=c, op=("+", "-")),
        )

    def sets(self) -> Query:
        v, op = self.vectors, ("and", "unless", "or")
        return put("({a}) {op} ({b})", a=v, b=v, op=op) | put("({a}) {op} on (host) ({b})", a=v, b=v, op=op)

    def labelled(self) -> Query:
        replace = 'label_replace({v}, "{to}", "$1-x", "{of}", "{re}")'
        regexes = ("(.*)", "h(.+)", "(h1|h2)")
        return st.one_of(
            put(replace, v=self.exact, to=("new", "host"), of=("host", "zone", "none"), re=regexes),
            put('label_join({v}, "joined", "{sep}", "host", "zone", "mode")', v=self.exact, sep=("-", "")),
        )

    def histograms(self) -> Query:
        of_rates = "histogram_quantile({q}, sum by ({g}) (rate({w})))"
        return st.one_of(
            put("histogram_quantile({q}, {v})", q=("0.5", "0.9", "0.01", "1", "-1"), v=self.bucket.instant),
            put(of_rates, q=("0.5", "0.95"), g=("le", "le, host"), w=self.bucket.ranges),
        )

    def dates(self) -> Query:
        functions = ("minute", "hour", "day_of_week", "day_of_month", "days_in_month", "month", "year")
        moments = ("vector(time())", "vector(time()) + 1e7", "timestamp(gauge)")
        return put("{f}({v})", f=functions, v=moments)
