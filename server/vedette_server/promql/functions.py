"""The functions and aggregations of PromQL: what they take and what they return."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_server.promql.nodes import ValueType

_LETTERS = {"v": ValueType.VECTOR, "m": ValueType.MATRIX, "s": ValueType.SCALAR, "t": ValueType.STRING}


@dataclass(frozen=True, slots=True)
class Signature:
    """One function.

    Attributes:
        args: The types of the arguments; the last one repeats where ``most`` exceeds their number.
        least: The fewest arguments.
        most: The most arguments, -1 for no bound.
        returns: The type of the result.
        experimental: Only with experimental functions switched on.
    """

    name: str
    args: tuple[ValueType, ...]
    least: int
    most: int
    returns: ValueType
    experimental: bool = False

    def argument(self, i: int) -> ValueType:
        """The type of the ``i``-th argument."""
        return self.args[min(i, len(self.args) - 1)]


def _table() -> dict[str, Signature]:
    table = {}
    for line in _DECLARATIONS.split("\n"):
        names, _, shape = line.partition(":")
        for word in names.split():
            name = word.removesuffix("*")
            args, _, returns = shape.strip().partition(">")
            table[name] = _signature(name, args.strip(), returns.strip() or "v", experimental=word.endswith("*"))
    return table


def _signature(name: str, args: str, returns: str, *, experimental: bool) -> Signature:
    types = tuple(_LETTERS[letter] for letter in args if letter in _LETTERS)
    least = most = len(types)
    if args.endswith("?"):
        least -= 1
    elif args.endswith("..."):
        least, most = least - 1, -1
    return Signature(name, types, least, most, _LETTERS[returns], experimental)


# names (a star: experimental) : argument types > result (v where none is given)
_DECLARATIONS = """\
abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt tan tanh: v
histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar: v
sort sort_desc timestamp start_timestamp*: v
scalar: v > s
absent_over_time avg_over_time count_over_time first_over_time last_over_time max_over_time min_over_time: m
present_over_time stddev_over_time stdvar_over_time sum_over_time mad_over_time* changes delta deriv idelta: m
increase irate rate resets ts_of_first_over_time* ts_of_last_over_time* ts_of_max_over_time* ts_of_min_over_time*: m
days_in_month day_of_month day_of_week day_of_year hour minute month year: v?
pi time start* end* range* step*: > s
max_of* min_of*: ss > s
clamp: vss
clamp_max clamp_min: vs
round: vs?
predict_linear: ms
quantile_over_time: sm
vector: s
double_exponential_smoothing*: mss
histogram_quantile: sv
histogram_fraction: ssv
histogram_quantiles*: vtss...
info*: vv?
label_replace: vtttt
label_join: vttt...
sort_by_label* sort_by_label_desc*: vt..."""

FUNCTIONS = _table()

AGGREGATIONS_WITH_PARAMETER = frozenset({"topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"})
AGGREGATIONS = AGGREGATIONS_WITH_PARAMETER | {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"}
EXPERIMENTAL_AGGREGATIONS = frozenset({"limitk", "limit_ratio"})

ANCHORED_FUNCTIONS = frozenset({"changes", "delta", "increase", "rate", "resets"})
SMOOTHED_FUNCTIONS = frozenset({"delta", "increase", "rate"})
