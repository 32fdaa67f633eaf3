"""NumPy's arithmetic of frames is that of plain Python."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.ingest import planes
from vedette_shared.frames import values


@settings(deadline=None)
@given(st.integers(0, 40).flatmap(lambda count: st.tuples(*[st.binary(min_size=8 * count, max_size=8 * count)] * 2)))
def test_as_in_plain_python(pair: tuple[bytes, bytes]) -> None:
    """For any bits, and for none."""
    vector, base = pair
    assert planes.from_planes(memoryview(values.to_planes(vector))) == vector
    assert planes.xor(vector, base) == values.xor(vector, base)
