"""Pieces: the bytes of a run of series, or of clocks. ``FORMAT.md`` in this folder is the specification."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, ModeSpec
from pcodec import standalone as pco

from vedette_server.storage.block import kernels
from vedette_shared.frames import ABSENT_BITS

KIND_DOUBLES, KIND_CLOCKS = 1, 2
_HAS_ABSENT = 1

_HEAD = struct.Struct("<BBBBII")
_STREAM = struct.Struct("<BI")
_EMPTY, _SAME, _PCO, _PLAIN, _ZSTD = range(5)
_FEW = 8
_SAMPLE = 2048

QUICK = ChunkConfig(compression_level=3, delta_spec=DeltaSpec.no_op(), mode_spec=ModeSpec.classic())
THOROUGH = ChunkConfig(compression_level=8, delta_spec=DeltaSpec.no_op(), mode_spec=ModeSpec.auto())


class PieceError(ValueError):
    """Bytes are not a piece."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A decoded piece: the values of its series, one after the other.

    Attributes:
        values: float64, or int64 for clocks.
        lengths: int64, how many values each series has.
        has_absent: Whether any value may be absent.
        address: Where the values lie in memory.
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]
    has_absent: bool
    address: int = field(init=False)

    def __post_init__(self) -> None:
        """Look up the address once; readers need it each time."""
        object.__setattr__(self, "address", self.values.ctypes.data)

    @property
    def nbytes(self) -> int:
        """Its size in memory."""
        return self.values.nbytes + self.lengths.nbytes


def encode_doubles(values: NDArray[np.float64], lengths: NDArray[np.int64], config: ChunkConfig = QUICK) -> bytes:
    """Return the piece of ``values``, series after series, each of the positive length that ``lengths`` gives."""
    bits = values.view(np.uint64)
    modes, integers, patches, patch_bits = kernels.scale(values, bits, lengths)
    constants, raws, firsts, slopes, steps, bends = kernels.split(modes, values, bits, integers, lengths)
    order = _better_order(steps, bends)
    has_absent = bool((patch_bits == ABSENT_BITS).any() or (constants == ABSENT_BITS).any())
    if len(raws):
        has_absent = has_absent or bool((raws.view(np.uint64) == ABSENT_BITS).any())
    head = _HEAD.pack(KIND_DOUBLES, order, _HAS_ABSENT if has_absent else 0, 0, len(lengths), len(values))
    streams = (lengths, modes, constants, raws, firsts, slopes, bends if order == 2 else steps, patches, patch_bits)
    return b"".join([head, *(_pack(stream, config) for stream in streams)])


def encode_clocks(timestamps: NDArray[np.int64], lengths: NDArray[np.int64], config: ChunkConfig = QUICK) -> bytes:
    """Return the piece of ``timestamps``, clock after clock."""
    modes = np.zeros(len(lengths), np.uint8)
    nothing = np.zeros(len(timestamps))
    _, _, firsts, slopes, _, bends = kernels.split(modes, nothing, nothing.view(np.uint64), timestamps, lengths)
    head = _HEAD.pack(KIND_CLOCKS, 2, 0, 0, len(lengths), len(timestamps))
    return b"".join([head, *(_pack(stream, config) for stream in (lengths, firsts, slopes, bends))])


def decode(data: bytes | memoryview) -> Piece:
    """Return the piece that ``data`` holds.

    Raises:
        PieceError: the bytes are no piece of a kind that is known here.
    """
    try:
        kind, order, flags, _, count, total = _HEAD.unpack_from(data)
        reader = _Reader(data, _HEAD.size)
        if kind == KIND_CLOCKS:
            return _decode_clocks(reader, count, total)
        if kind != KIND_DOUBLES:
            raise PieceError(f"a piece of the unknown kind {kind}")
        return _decode_doubles(reader, count, total, order, bool(flags & _HAS_ABSENT))
    except (struct.error, RuntimeError, TypeError, ValueError, IndexError, zstandard.ZstdError) as error:
        raise error if isinstance(error, PieceError) else PieceError(str(error)) from error


def _decode_doubles(reader: _Reader, count: int, total: int, order: int, has_absent: bool) -> Piece:
    lengths = reader.take(np.int64, count)
    modes = reader.take(np.uint8, count)
    constants, raws = reader.take(np.uint64), reader.take(np.float64)
    firsts, slopes, rest = reader.take(np.int64), reader.take(np.int64), reader.take(np.int64)
    patches, patch_bits = reader.take(np.uint32), reader.take(np.uint64)
    bits = np.empty(total, np.uint64)
    if not kernels.join(modes, lengths, constants, raws.view(np.uint64), firsts, slopes, rest, order, bits):
        raise PieceError("the streams of the piece do not fit together")
    bits[patches] = patch_bits
    return Piece(bits.view(np.float64), lengths, has_absent)


def _decode_clocks(reader: _Reader, count: int, total: int) -> Piece:
    lengths, firsts, slopes, rest = (reader.take(np.int64) for _ in range(4))
    timestamps = np.empty(total, np.int64)
    if len(lengths) != count or not kernels.join_integers(lengths, firsts, slopes, rest, timestamps):
        raise PieceError("the streams of the piece do not fit together")
    return Piece(timestamps, lengths, has_absent=False)


def _better_order(steps: NDArray[np.int64], bends: NDArray[np.int64]) -> int:
    """Which differences to write, first (1) or second (2) ones: those of which a sample is smaller."""
    if len(steps) <= _FEW or not steps.any():
        return 1
    begin = max(0, len(steps) - _SAMPLE) // 2
    return 1 if _sample_size(steps[begin:]) <= _sample_size(bends[begin:]) else 2


def _sample_size(numbers: NDArray[np.int64]) -> int:
    return len(pco.simple_compress(numbers[:_SAMPLE], QUICK))


def _pack(stream: NDArray[Any], config: ChunkConfig) -> bytes:
    """A stream: how it is written, the size of what follows, and its numbers."""
    if not len(stream):
        return _STREAM.pack(_EMPTY, 0)
    bits = stream.view(f"u{stream.itemsize}")
    if bits[0] == bits[-1] and (bits == bits[0]).all():
        body = struct.pack("<I", len(stream)) + stream[:1].tobytes()
        return _STREAM.pack(_SAME, len(body)) + body
    if len(stream) <= _FEW:
        return _STREAM.pack(_PLAIN, stream.nbytes) + stream.tobytes()
    if stream.itemsize == 1:
        body = zstandard.ZstdCompressor(level=3).compress(stream.tobytes())
        return _STREAM.pack(_ZSTD, len(body)) + body
    packed: bytes = pco.simple_compress(np.ascontiguousarray(stream), config)
    return _STREAM.pack(_PCO, len(packed)) + packed


class _Reader:
    """Takes one stream after the other."""

    def __init__(self, data: bytes | memoryview, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, dtype: type[Any], expected: int = -1) -> NDArray[Any]:
        how, size = _STREAM.unpack_from(self._data, self._at)
        begin = self._at + _STREAM.size
        self._at = begin + size
        if self._at > len(self._data):
            raise PieceError("the piece is cut short")
        stream = self._unpack(how, bytes(self._data[begin : self._at]), dtype)
        if expected >= 0 and len(stream) != expected:
            raise PieceError("the streams of the piece do not fit together")
        stream.flags.writeable = False  # as some are in any case: kernels are compiled for one type alone
        return stream

    def _unpack(self, how: int, body: bytes, dtype: type[Any]) -> NDArray[Any]:
        if how == _EMPTY:
            return np.zeros(0, dtype)
        if how == _SAME:
            (count,) = struct.unpack_from("<I", body)
            return np.full(count, np.frombuffer(body, dtype, 1, 4)[0])
        if how == _PLAIN:
            return np.frombuffer(body, dtype)
        if how == _ZSTD:
            return np.frombuffer(zstandard.ZstdDecompressor().decompress(body), dtype)
        if how != _PCO:
            raise PieceError(f"a stream of the unknown kind {how}")
        numbers: NDArray[Any] | None = pco.simple_decompress(body)
        if numbers is None or numbers.dtype != dtype:
            raise PieceError("a stream of another type of numbers")
        return numbers
