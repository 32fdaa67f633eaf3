"""NumPy's arithmetic of frames is that of plain Python."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.compiled import as_python, in_background
from vedette_server.ingest import planes
from vedette_shared.frames import values


@settings(deadline=None)
@given(st.integers(0, 40).flatmap(lambda count: st.tuples(*[st.binary(min_size=8 * count, max_size=8 * count)] * 2)))
def test_as_in_plain_python(pair: tuple[bytes, bytes]) -> None:
    """For any bits, and for none."""
    vector, base = pair
    assert planes.from_planes(memoryview(values.to_planes(vector))) == vector
    assert planes.xor(vector, base) == values.xor(vector, base)


VECTORS = st.integers(1, 40).flatmap(lambda count: st.tuples(*[st.binary(min_size=8 * count, max_size=8 * count)] * 2))


@settings(deadline=None)
@given(st.lists(st.tuples(VECTORS, st.binary(max_size=30)), min_size=1, max_size=5), st.booleans())
def test_many_at_once_as_one_after_the_other(pairs: list[tuple[tuple[bytes, bytes], bytes]], compiled: bool) -> None:
    """Whatever stands before the planes, and however the kernel runs."""
    vectors = [base for (_, base), _ in pairs]
    messages = [before + values.to_planes(vector) for (vector, _), before in pairs]
    with in_background() if compiled else as_python():
        found = planes.add_planes(vectors, messages, [len(before) for _, before in pairs])
    assert found == [values.xor(vector, base) for (vector, base), _ in pairs]
