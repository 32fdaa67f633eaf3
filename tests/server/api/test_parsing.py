"""Expressions over HTTP: as trees, formatted, and for exemplars."""

from typing import Any

import pytest

from tests.server.api.app import Rig


def selector(name: str, *matchers: tuple[str, str, str], **more: object) -> dict[str, Any]:
    own = [("__name__", "=", name)] if name else []
    return {
        "type": "vectorSelector",
        "name": name,
        "matchers": [{"name": label, "type": op, "value": value} for label, op, value in (*matchers, *own)],
        "anchored": False,
        "smoothed": False,
        "offset": 0,
        "offsetExpr": None,
        "timestamp": None,
        "startOrEnd": None,
    } | more


def number(text: str) -> dict[str, Any]:
    return {"type": "numberLiteral", "val": text}


def length(text: str, *, duration: bool) -> dict[str, Any]:
    return {"type": "numberLiteral", "val": text, "duration": duration}


def operation(op: str, left: object, right: object, *, wrapped: bool = False) -> dict[str, Any]:
    return {"type": "durationExpr", "op": op, "lhs": left, "rhs": right, "wrapped": wrapped}


def binary(op: str, left: object, right: object, matching: object = None, **more: object) -> dict[str, Any]:
    return {"type": "binaryExpr", "op": op, "lhs": left, "rhs": right, "matching": matching, "bool": False} | more


def matching(card: str, **more: object) -> dict[str, Any]:
    return {"card": card, "labels": [], "on": False, "include": [], "fillValues": {"lhs": None, "rhs": None}} | more


TREES: list[tuple[str, dict[str, Any]]] = [
    ("1", number("1")),
    ("-Inf", number("-Inf")),
    ("1e21", number("1000000000000000000000")),
    ("1m", number("60")),
    ('"a\\"b"', {"type": "stringLiteral", "val": 'a"b'}),
    ("(x)", {"type": "parenExpr", "expr": selector("x")}),
    ("-x", {"type": "unaryExpr", "op": "-", "expr": selector("x")}),
    ('x{a="1",b!~"c.*"}', selector("x", ("a", "=", "1"), ("b", "!~", "c.*"))),
    ('{a="1"}', selector("", ("a", "=", "1"))),
    ("x offset 5m", selector("x", offset=300_000)),
    ("x offset -1m30s", selector("x", offset=-90_000)),
    ("x @ 1.5", selector("x", timestamp=1500)),
    ("x @ end()", selector("x", startOrEnd="end")),
    ("x smoothed", selector("x", smoothed=True)),
    (
        "x offset (5s-8)",
        selector(
            "x",
            offsetExpr=operation("-", length("5", duration=True), length("8", duration=False), wrapped=True),
        ),
    ),
    (
        "x[5m] anchored",
        selector("x", type="matrixSelector", range=300_000, rangeExpr=None, anchored=True),
    ),
    (
        "x[max_of(step(),5m+3m)]",
        selector(
            "x",
            type="matrixSelector",
            range=0,
            rangeExpr=operation(
                "max_of",
                operation("step", None, None),
                operation("+", length("300", duration=True), length("180", duration=True)),
            ),
        ),
    ),
    (
        "x[5m:1m] @ start() offset 1m",
        {
            "type": "subquery",
            "expr": selector("x"),
            "range": 300_000,
            "rangeExpr": None,
            "step": 60_000,
            "stepExpr": None,
            "offset": 60_000,
            "offsetExpr": None,
            "timestamp": None,
            "startOrEnd": "start",
        },
    ),
    (
        "round(x, 5)",
        {
            "type": "call",
            "func": {"name": "round", "argTypes": ["vector", "scalar"], "variadic": 1, "returnType": "vector"},
            "args": [selector("x"), number("5")],
        },
    ),
    (
        "time()",
        {
            "type": "call",
            "func": {"name": "time", "argTypes": [], "variadic": 0, "returnType": "scalar"},
            "args": [],
        },
    ),
    (
        "sum by (a, b) (x)",
        {
            "type": "aggregation",
            "op": "sum",
            "expr": selector("x"),
            "param": None,
            "grouping": ["a", "b"],
            "without": False,
        },
    ),
    (
        "topk without () (3, x)",
        {
            "type": "aggregation",
            "op": "topk",
            "expr": selector("x"),
            "param": number("3"),
            "grouping": [],
            "without": True,
        },
    ),
    ("1 > bool 2", binary(">", number("1"), number("2"), bool=True)),
    ("x * 2", binary("*", selector("x"), number("2"))),
    (
        "x - y - z",
        binary(
            "-",
            binary("-", selector("x"), selector("y"), matching("one-to-one")),
            selector("z"),
            matching("one-to-one"),
        ),
    ),
    ("x and on () y", binary("and", selector("x"), selector("y"), matching("many-to-many", on=True))),
    (
        "x / on (a) group_left (b) fill_right (0) y",
        binary(
            "/",
            selector("x"),
            selector("y"),
            matching("many-to-one", on=True, labels=["a"], include=["b"], fillValues={"lhs": None, "rhs": 0.0}),
        ),
    ),
]


@pytest.mark.parametrize(("query", "tree"), TREES)
async def test_trees(query: str, tree: dict[str, Any]) -> None:
    """The tree is Prometheus', which its web page draws."""
    async with Rig().client() as client:
        by_get = await client.get("/api/v1/parse_query", params={"query": query})
        by_post = await client.post("/api/v1/parse_query", data={"query": query})
    assert by_get.json() == by_post.json() == {"status": "success", "data": tree}


async def test_the_longest_chain_of_operators_that_is_shown() -> None:
    async with Rig().client() as client:
        shown = await client.post("/api/v1/parse_query", data={"query": "1" + "+1" * 200})
        refused = await client.post("/api/v1/parse_query", data={"query": "1" + "+1" * 201})
    assert (shown.status_code, refused.status_code) == (200, 400)
    assert refused.json()["error"] == (
        'invalid parameter "query": a chain of 201 operators is too deep a tree; the most is 200'
    )


@pytest.mark.parametrize("path", ["parse_query", "format_query", "query_exemplars"])
async def test_refusals(path: str) -> None:
    async with Rig().client() as client:
        nothing = await client.get(f"/api/v1/{path}")
        wrong = await client.get(f"/api/v1/{path}", params={"query": "sum("})
    assert nothing.json()["error"] == 'invalid parameter "query": it is required'
    assert wrong.json()["error"] == 'invalid parameter "query": 1:5: parse error: unexpected end of input'
    assert (nothing.status_code, wrong.status_code) == (400, 400)


async def test_no_exemplars() -> None:
    async with Rig().client() as client:
        answer = await client.post("/api/v1/query_exemplars", data={"query": "rate(x[5m])", "start": "1", "end": "2"})
        backwards = await client.get("/api/v1/query_exemplars", params={"query": "x", "start": "2", "end": "1"})
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "data": []})
    assert backwards.status_code == 400
