"""Pieces: what is encoded is decoded, bit for bit, and small."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vedette_server.storage.block import codec
from vedette_shared.frames import ABSENT, STALE_NAN

SPECIAL = [0.0, -0.0, float("inf"), float("-inf"), STALE_NAN, ABSENT, float("nan"), 5e-324, 1.7976931348623157e308]

values = st.one_of(
    st.sampled_from(SPECIAL),
    st.integers(-(2**63), 2**64).map(float),
    st.integers(-1000, 1000).map(float),
    st.decimals(-(10**6), 10**6, places=3).map(float),
    st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]),
)


def roundtrip(series: list[list[float]]) -> tuple[bytes, codec.Piece]:
    flat = np.array([value for one in series for value in one], np.float64)
    data = codec.encode_doubles(flat, np.array([len(one) for one in series], np.int64))
    return data, codec.decode(data)


@settings(deadline=None)
@given(st.lists(st.lists(values, min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_doubles_come_back_bit_for_bit(series: list[list[float]]) -> None:
    """NaN payloads, negative zero, infinities, absent values and all others."""
    flat = np.array([value for one in series for value in one], np.float64)
    _, piece = roundtrip(series)
    assert piece.values.view(np.uint64).tolist() == flat.view(np.uint64).tolist()
    assert piece.lengths.tolist() == [len(one) for one in series]
    absent = bool((flat.view(np.uint64) == np.float64(ABSENT).view(np.uint64)).any())
    assert piece.has_absent or not absent


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_clocks_come_back(clocks: list[list[int]]) -> None:
    """Whatever the timestamps are."""
    flat = np.array([time for clock in clocks for time in clock], np.int64)
    piece = codec.decode(codec.encode_clocks(flat, np.array([len(clock) for clock in clocks], np.int64)))
    assert piece.values.tolist() == flat.tolist()


def series_of(kind: str, count: int = 480, series: int = 34) -> NDArray[np.float64]:
    random = np.random.default_rng(7)
    steps = random.poisson(3, (series, count))
    return {
        "constant": np.repeat(random.random(series)[:, None], count, axis=1),
        "repeating": np.floor(np.arange(series * count).reshape(series, count) / 300),
        "counter": np.cumsum(steps, axis=1).astype(float),
        "decimals": np.cumsum(steps, axis=1) / 100,
        "full precision": random.random((series, count)),
    }[kind].reshape(-1)


@pytest.mark.parametrize(
    ("kind", "most"),
    [("constant", 0.03), ("repeating", 0.06), ("counter", 0.40), ("decimals", 0.40), ("full precision", 7.0)],
)
def test_bytes_a_sample(kind: str, most: float) -> None:
    """Constants and repeats are nearly free; decimals cost no more than integers."""
    flat = series_of(kind)
    data = codec.encode_doubles(flat, np.full(34, 480, np.int64), codec.THOROUGH)
    assert codec.decode(data).values.tobytes() == flat.tobytes()
    assert len(data) / len(flat) <= most


@pytest.mark.parametrize("cut", [0, 5, 30, -1])
def test_cut_bytes_are_told(cut: int) -> None:
    """No exception but the codec's own."""
    data, _ = roundtrip([[0.5, 1.5, 2.0, 1e300, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]] * 3)
    with pytest.raises(codec.PieceError):
        codec.decode(data[:cut])


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_changed_bytes_do_no_harm(place: int, byte: int) -> None:
    """Either values or the codec's own exception; the checksum outside is what finds the change."""
    data = bytearray(roundtrip([[0.5, 1.5, 2.0, STALE_NAN, 7.0, 8.0, 9.0, 10.0, 11.0, 12.25]] * 4)[0])
    data[place % 12 if place % 3 else place % len(data)] = byte & 7
    with contextlib.suppress(codec.PieceError, MemoryError):
        codec.decode(bytes(data))
