"""Results become JSON, compiled or not, in pieces of any size."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_server.api.results import encode, kernels
from vedette_server.promql import Result
from vedette_server.promql.columns import from_label_sets
from vedette_server.promql.values import Samples
from vedette_shared.labels import Labels, make_labels

MATRIX, VECTOR = "matrix", "vector"


@pytest.fixture(params=["compiled", "plain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to write."""
    if request.param == "compiled":
        encode.warm_up()
    else:
        monkeypatch.setattr(encode, "is_compiled", lambda: False)
    return str(request.param)


def result(kind: str, label_sets: list[Labels], values: list[list[float | None]], steps: list[int]) -> Result:
    present = np.array([[value is not None for value in row] for row in values], np.bool_).reshape(-1, len(steps))
    numbers = np.array([[0.0 if value is None else value for value in row] for row in values], np.float64).reshape(
        -1, len(steps)
    )
    return Result(kind, from_label_sets(label_sets), numbers, present, np.array(steps, np.int64))


def encoded(given_result: Result) -> object:
    return json.loads(b"".join(encode.encode_result(given_result)))


A, B, NAMELESS = make_labels(host="a"), make_labels(host="b", mode='x\n"\\\u2028ü'), make_labels()

CASES = [
    (result(VECTOR, [], [], [1000]), {"resultType": "vector", "result": []}),
    (
        result(VECTOR, [A, B, NAMELESS], [[1.5], [float("nan")], [-0.0]], [1500]),
        {
            "resultType": "vector",
            "result": [
                {"metric": {"host": "a"}, "value": [1.5, "1.5"]},
                {"metric": {"host": "b", "mode": 'x\n"\\\u2028ü'}, "value": [1.5, "NaN"]},
                {"metric": {}, "value": [1.5, "-0"]},
            ],
        },
    ),
    (
        result(MATRIX, [A, B], [[1, 2, 3], [None, 1e-7, None]], [0, 1000, 2000]),
        {
            "resultType": "matrix",
            "result": [
                {"metric": {"host": "a"}, "values": [[0, "1"], [1, "2"], [2, "3"]]},
                {"metric": {"host": "b", "mode": 'x\n"\\\u2028ü'}, "values": [[1, "1e-7"]]},
            ],
        },
    ),
]


@pytest.mark.parametrize(("given_result", "expected"), CASES)
def test_series(given_result: Result, expected: object, way: str) -> None:
    assert encoded(given_result) == expected


def test_raw_samples_with_shared_clocks(way: str) -> None:
    stamps = np.array([1000, 2000, 3000, 1500], np.int64)
    samples = Samples(
        from_label_sets([A, B, NAMELESS]),
        stamps,
        np.array([0, 1, 3], np.int64),
        np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        np.array([0, 3, 5, 6], np.int64),
        np.zeros(3, np.bool_),
    )
    nothing = np.zeros((0, 1))
    raw = Result(MATRIX, samples.labels, nothing, nothing.astype(np.bool_), np.array([9000], np.int64), samples=samples)
    assert [entry["values"] for entry in encoded(raw)["result"]] == [  # type: ignore[index]
        [[1, "1"], [2, "2"], [3, "3"]],
        [[2, "4"], [3, "5"]],
        [[1.5, "6"]],
    ]


def test_scalars_and_strings() -> None:
    steps = np.array([1500], np.int64)
    nothing = np.zeros((0, 1))
    text = Result("string", from_label_sets([]), nothing, nothing.astype(np.bool_), steps, 'a"\udcff')
    scalar = Result("scalar", from_label_sets([()]), np.array([[2.5]]), np.ones((1, 1), np.bool_), steps)
    assert encoded(text) == {"resultType": "string", "result": [1.5, 'a"�']}
    assert encoded(scalar) == {"resultType": "scalar", "result": [1.5, "2.5"]}


def test_more_members() -> None:
    scalar = Result(
        "scalar", from_label_sets([()]), np.array([[1.0]]), np.ones((1, 1), np.bool_), np.zeros(1, np.int64)
    )
    pieces = encode.encode_result(scalar, {"stats": {"samples": 3}})
    assert json.loads(b"".join(pieces)) == {"resultType": "scalar", "result": [0, "1"], "stats": {"samples": 3}}


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=3),
            st.lists(st.none() | st.floats(), min_size=4, max_size=4),
        ),
        max_size=6,
    )
)
def test_both_ways_agree(series: list[tuple[dict[str, str], list[float | None]]]) -> None:
    """Any labels, any values, any gaps."""
    encode.warm_up()
    made = result(MATRIX, [make_labels(labels) for labels, _ in series], [row for _, row in series], [0, 1, 999, 2000])
    compiled = b"".join(encode.encode_result(made))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "is_compiled", lambda: False)
        assert b"".join(encode.encode_result(made)) == compiled


def test_pieces(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the pieces, together they are the same; a series is never parted."""
    made = result(MATRIX, [A, B, NAMELESS], [[1, 2], [3, None], [5, 6]], [0, 1000])
    whole = encoded(made)
    monkeypatch.setattr(encode, "PIECE_BYTES", 1)
    pieces = [piece for piece in encode.encode_result(made) if piece not in (b"", b",")]
    assert json.loads(b"".join(encode.encode_result(made))) == whole
    assert len(pieces) == 3 + len(made.labels) + 1


def test_label_sets(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = from_label_sets([A, B, NAMELESS])
    expected = [dict(A), dict(B), {}]
    assert json.loads(b"".join(encode.encode_label_sets(labels))) == expected
    monkeypatch.setattr(encode, "PIECE_BYTES", 1)
    assert json.loads(b"".join(encode.encode_label_sets(labels))) == expected
    assert b"".join(encode.encode_label_sets(from_label_sets([]))) == b"[]"


def test_a_column_with_many_values_that_no_series_has() -> None:
    """What is not used is not written."""
    encode.warm_up()
    many = from_label_sets([make_labels(host=f"h{i}") for i in range(100)]).take(np.array([70, 3]))
    assert json.loads(b"".join(encode.encode_label_sets(many))) == [{"host": "h70"}, {"host": "h3"}]


def test_kinds_of_arrays() -> None:
    """Arrays that cannot be written to, or with strides, do not make the kernel compile anew."""
    encode.warm_up()
    before = list(kernels.write_series.signatures)  # type: ignore[attr-defined]
    made = result(MATRIX, [A, B], [[1, 2, 3], [4, 5, 6]], [0, 1000, 2000])
    made.values.setflags(write=False)
    made.steps.setflags(write=False)
    encoded(made)
    encoded(Result(MATRIX, made.labels, made.values.T.copy().T, made.present, made.steps))
    assert kernels.write_series.signatures == before  # type: ignore[attr-defined]
