"""The walk finds all that lies below its columns, however the agent answers, and always comes to an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.snmp.mib import Mib
from vedette_agent.snmp.ber import encode_arcs, parse_oid
from vedette_agent.snmp.errors import SnmpError
from vedette_agent.snmp.message import GAUGE32, GENERAL_ERROR, NO_ACCESS, RESPONSE, TOO_BIG, Answer, Binding, Query
from vedette_agent.snmp.walk import Walk

TABLE = parse_oid("1.3.6.1.2.1.2.2.1")
COLUMNS = [TABLE + bytes((column,)) for column in range(1, 6)]


def walk(agent: Mib, columns: list[bytes], values: int = 20, *, has_bulk: bool = True) -> Walk:
    walk = Walk(columns, values, has_bulk=has_bulk)
    while (query := walk.next_query()) is not None:
        walk.feed(agent.answer(query))
    return walk


def table(rows: dict[int, list[int]]) -> dict[bytes, int]:
    """Variables of columns by number, with the rows of each; and something before and behind them."""
    variables = {COLUMNS[column - 1] + encode_arcs([row]): row for column, found in rows.items() for row in found}
    return {parse_oid("1.3.6.1.2.1.1.3.0"): 1, **variables, parse_oid("1.3.6.1.2.1.4.1.0"): 1}


ROWS = st.dictionaries(st.integers(1, 5), st.lists(st.integers(1, 40_000), unique=True, max_size=30))


@given(
    ROWS,
    st.integers(1, 60),
    st.integers(1, 60),
    st.booleans(),
    st.sampled_from([(True, False), (False, False), (False, True)]),
)
def test_everything_is_found(
    rows: dict[int, list[int]], values: int, most: int, tells: bool, kind: tuple[bool, bool]
) -> None:
    """With GETBULK or without, in version 1, with answers cut short or refused as too big."""
    has_bulk, is_first_version = kind
    agent = Mib(table(rows), most=most, tells_too_big=tells, is_first_version=is_first_version)
    done = walk(agent, COLUMNS, values, has_bulk=has_bulk)
    assert {column: [b.value for b in found] for column, found in done.found.items()} == {
        column: sorted(rows.get(place, ())) for place, column in enumerate(COLUMNS, 1)
    }
    assert done.problems == []


def test_several_columns_go_into_a_query() -> None:
    """Forty-eight rows of five columns, fifty values to a query: five queries, as the last row is followed at once."""
    agent = Mib(table({column: list(range(1, 49)) for column in range(1, 6)}))
    walk(agent, COLUMNS, 50)
    assert agent.queries == 5


def test_later_attempts_ask_for_less() -> None:
    walk = Walk(COLUMNS[:2], 20, has_bulk=True)
    sizes = [(len(query.oids), query.repetitions) for query in map(walk.next_query, range(6)) if query is not None]
    assert sizes == [(2, 10), (2, 5), (2, 2), (2, 1), (1, 1), (1, 1)]


@pytest.mark.parametrize(("rows", "kept"), [([1, 2, 1], [1, 2]), ([16_384, 16_383], [16_384]), ([5, 5], [5])])
def test_an_agent_that_loops(rows: list[int], kept: list[int]) -> None:
    """The column ends where the agent does not go forward."""
    walk = Walk(COLUMNS[:1], 20, has_bulk=True)
    assert walk.next_query() is not None
    found = [Binding(COLUMNS[0] + encode_arcs([row]), GAUGE32, row) for row in rows]
    walk.feed(Answer(RESPONSE, 0, 0, 0, found))
    assert [binding.value for binding in walk.found[COLUMNS[0]]] == kept
    assert walk.problems == [f"does not go forward after 1.3.6.1.2.1.2.2.1.1.{kept[-1]}"]
    assert walk.next_query() is None


def test_an_error_within_a_column() -> None:
    """The other columns go on."""
    walk = Walk(COLUMNS[:3], 3, has_bulk=True)
    assert walk.next_query() == Query(165, COLUMNS[:3], 1)
    walk.feed(Answer(RESPONSE, 0, GENERAL_ERROR, 2, ()))
    assert walk.next_query() == Query(165, [COLUMNS[0], COLUMNS[2]], 1)
    assert walk.problems == ["has an error of its own (status 5) after 1.3.6.1.2.1.2.2.1.2"]


def test_a_value_that_never_fits() -> None:
    walk = Walk(COLUMNS[:2], 8, has_bulk=True)
    for _ in range(20):
        if walk.next_query() is None:
            break
        walk.feed(Answer(RESPONSE, 0, TOO_BIG, 0, ()))
    assert walk.problems == ["cannot answer for 1.3.6.1.2.1.2.2.1.1", "cannot answer for 1.3.6.1.2.1.2.2.1.2"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(RESPONSE, 0, NO_ACCESS, 1, ()), "does not let the community or user read this"),
        (Answer(RESPONSE, 0, GENERAL_ERROR, 0, ()), "answers with error status 5"),
        (
            Answer(RESPONSE, 0, 0, 0, [Binding(COLUMNS[0] + bytes((row,)), GAUGE32, row) for row in range(9)]),
            "answers with more than it was asked for",
        ),
    ],
)
def test_what_ends_the_walk(answer: Answer, message: str) -> None:
    walk = Walk(COLUMNS[:1], 4, has_bulk=True)
    assert walk.next_query() is not None
    with pytest.raises(SnmpError, match=message):
        walk.feed(answer)
