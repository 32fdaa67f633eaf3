"""What to push to one server, and what its answers mean: frames and answers in, messages out. No I/O but the spool's.

Live frames go first, the newest of each source; what they leave behind is the backlog, which goes oldest first and at a
bounded rate. One message is under way at a time, so that agent and server agree on the frames that later ones are
relative to: the last ones of the last message that was acknowledged.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec
import zstandard

from vedette_agent.push.backoff import Backoff
from vedette_agent.push.values import Answer, Push, PushCounters, PushLimits, Wait
from vedette_agent.spool import FrameId, StoredFrame
from vedette_shared.frames import Frame, Layout, Sender, encode_message
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

ZSTD_LEVEL = 6
"""A message is small: this level takes hardly longer than the default, and 5 % fewer bytes."""
MOST_ASKED_AGAIN = 3
MOST_KNOWN_LAYOUTS = 4096
MOST_BASES = 4096
"""Sources come and go: those of samples with times of their own, with each container."""

_OK, _BAD_REQUEST, _CONFLICT, _TOO_LARGE = 200, 400, 409, 413
_NOT_NOW = (429, 503)

_Key = tuple[bytes, str]
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Backlog(Protocol):
    """What the pusher needs of the spool."""

    def acknowledge(self, server: str, ids: Sequence[FrameId]) -> None: ...

    def refuse(self, server: str, ids: Sequence[FrameId]) -> None: ...

    def refuse_events(self, count: int) -> None: ...

    def oldest_waiting(self, server: str, most_bytes: int) -> list[StoredFrame]: ...


class _Taken(msgspec.Struct):
    sequence: int


class _ErrorText(msgspec.Struct):
    error: str = ""


class Pusher:
    """Decides what goes to one server.

    Args:
        server: Its name in the spool.
        agent: This agent's id.
        backlog: The spool.
        limits: How much and how fast.
        rng: Draws the jitter.
    """

    def __init__(
        self, server: str, agent: str, backlog: Backlog, limits: PushLimits, rng: random.Random | None = None
    ) -> None:
        self.server = server
        self.counters = PushCounters()
        self._agent = agent
        self._backlog = backlog
        self._limits = limits
        self._backoff = Backoff(limits.backoff_base, limits.backoff_most, rng or random.Random())
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self._live: dict[_Key, StoredFrame] = {}
        self._known_layouts: set[bytes] = set()
        self._bases: dict[_Key, Frame] = {}
        self._bases_generation = 0
        self._not_before = -math.inf
        self._backlog_from = -math.inf
        self._has_backlog = True
        self._most_bytes = limits.message_bytes
        self._asked_again = 0
        self._bare: set[FrameId] = set()
        self._under_way: Push | None = None

    def offer(self, stored: StoredFrame) -> None:
        """Take a live frame, which the spool holds already. It displaces the one before it of the same source."""
        key = _key(stored.frame)
        if key in self._live:
            self._has_backlog = True
        self._live[key] = stored

    def next(self, now: float) -> Push | Wait:
        """Return the message to send now, or until when there is none. Its outcome must be told before the next."""
        assert self._under_way is None
        if now < self._not_before:
            return Wait(self._not_before)
        if self._live:
            return self._send(self._take_live(), is_live=True)
        if self._has_backlog and now >= self._backlog_from:
            frames = self._backlog.oldest_waiting(self.server, self._most_bytes)
            if frames:
                push = self._send(frames, is_live=False)
                self._backlog_from = now + push.raw_bytes / self._limits.catch_up_bytes_per_s
                return push
            self._has_backlog = False
        return Wait(self._backlog_from if self._has_backlog else math.inf)

    def answered(self, answer: Answer, now: float, now_ms: int = 0) -> None:
        """Take the server's answer to the message under way."""
        push = self._end()
        if answer.status == _OK and _decode(answer.body, _Taken) is not None:
            self._note_taken(push, now_ms)
        elif answer.status == _CONFLICT:
            self._note_wanted(push, answer, now)
        elif answer.status in (_BAD_REQUEST, _TOO_LARGE):
            self._note_refused(push, answer, now)
        else:
            result = "busy" if answer.status in _NOT_NOW else "failed"
            self._put_off(push, result, _describe(answer), now, answer.retry_after)

    def failed(self, reason: str, now: float) -> None:
        """Take it that no answer came: the server may have the message or not."""
        push = self._end()
        self._forget_bases()
        self._put_off(push, "failed", reason, now)

    def _take_live(self) -> list[StoredFrame]:
        frames: list[StoredFrame] = []
        room = self._most_bytes
        for key, stored in list(self._live.items()):
            room -= stored.raw_bytes
            if frames and (room < 0 or stored.generation != frames[0].generation):
                break
            frames.append(self._live.pop(key))
        return sorted(frames, key=lambda stored: stored.frame.sequence)

    def _send(self, frames: Sequence[StoredFrame], *, is_live: bool) -> Push:
        generation = frames[0].generation
        if generation != self._bases_generation:
            self._forget_bases()
            self._bases_generation = generation
        layouts: dict[bytes, Layout] = {}
        near = dict(self._bases)
        relative: list[Frame] = []
        for stored in frames:
            frame, key = stored.frame, _key(stored.frame)
            if frame.layout not in self._known_layouts:
                layouts[frame.layout] = stored.layout
            base = near.get(key)
            relative.append(frame.on_base(base) if base is not None and _is_base(base, frame) else frame)
            near[key] = frame
        events = {each.frame.sequence: each.events for each in frames if each.events and each.id not in self._bare}
        raw = encode_message(Sender(self._agent, generation), layouts.values(), relative, events)
        self._under_way = Push(self._compressor.compress(raw), tuple(frames), len(raw), is_live)
        return self._under_way

    def _end(self) -> Push:
        push = self._under_way
        assert push is not None
        self._under_way = None
        return push

    def _note_taken(self, push: Push, now_ms: int) -> None:
        if len(self._known_layouts) > MOST_KNOWN_LAYOUTS:
            self._known_layouts.clear()
        self._known_layouts |= {stored.frame.layout for stored in push.frames}
        if len(self._bases) > MOST_BASES:
            self._forget_bases()
        for stored in push.frames:
            self._bases[_key(stored.frame)] = stored.frame
        self._backlog.acknowledge(self.server, push.ids)
        if self._backoff.failures:
            _log.info("pushing again", server=self.server)
        self._backoff.reset()
        self._asked_again = 0
        self._most_bytes = min(self._limits.message_bytes, 2 * self._most_bytes)
        counters = self.counters
        counters.messages["ok"] += 1
        counters.frames += len(push.frames)
        counters.events += sum(len(stored.events) for stored in push.frames if stored.id not in self._bare)
        self._bare.difference_update(push.ids)
        counters.samples += sum(len(stored.layout) for stored in push.frames)
        counters.body_bytes += len(push.body)
        counters.last_success_ms = now_ms

    def _note_wanted(self, push: Push, answer: Answer, now: float) -> None:
        """The server lacks layouts or bases, after its restart for one: the same frames go again with all they need."""
        self._forget_bases()
        self._known_layouts -= {stored.frame.layout for stored in push.frames}
        self._asked_again += 1
        if self._asked_again > MOST_ASKED_AGAIN:
            self._asked_again = 0
            self._put_off(push, "failed", f"asks for the same again and again: {_describe(answer)}", now)
            return
        self.counters.messages["incomplete"] += 1
        self._return(push)

    def _note_refused(self, push: Push, answer: Answer, now: float) -> None:
        """Sending the message again is in vain. So the culprit is found by halving, and that one frame given up."""
        self._forget_bases()
        self._known_layouts -= {stored.frame.layout for stored in push.frames}
        told = _decode(answer.body, _ErrorText)
        if told is None or not told.error:
            # Not the words of a Vedette server: a proxy, which may be mended. Nothing is given up.
            self._put_off(push, "failed", _describe(answer), now)
        elif len(push.frames) > 1:
            self.counters.messages["refused"] += 1
            self._most_bytes = max(sum(stored.raw_bytes for stored in push.frames) // 2, 1)
            self._return(push)
        elif push.frames[0].events and push.frames[0].id not in self._bare:
            # It may be the events, which an older server does not know: the samples are not to go with them.
            self.counters.messages["refused"] += 1
            _log.error("the server refuses events; they are given up", server=self.server, error=_describe(answer))
            self._backlog.refuse_events(len(push.frames[0].events))
            self._bare.add(push.frames[0].id)
            self._return(push)
        else:
            self.counters.messages["refused"] += 1
            self.counters.last_error = _describe(answer)
            _log.error("the server refuses a frame; it is given up", server=self.server, error=_describe(answer))
            self._backlog.refuse(self.server, push.ids)
            self._bare.difference_update(push.ids)
            self._not_before = now + self._backoff.next_delay()

    def _put_off(self, push: Push, result: str, reason: str, now: float, retry_after: float | None = None) -> None:
        self.counters.messages[result] += 1
        self.counters.last_error = reason
        first = self._backoff.failures == 0
        self._not_before = now + self._backoff.next_delay(retry_after)
        if first:
            _log.warning("cannot push; frames stay in the spool", server=self.server, error=reason)
        self._return(push)

    def _return(self, push: Push) -> None:
        """Keep the message's live frames live, unless newer ones have come; the spool has the others."""
        if push.is_live:
            for stored in push.frames:
                self._live.setdefault(_key(stored.frame), stored)
        self._has_backlog = True

    def _forget_bases(self) -> None:
        self._bases.clear()


def _key(frame: Frame) -> _Key:
    return (frame.target, frame.source)


def _is_base(base: Frame, frame: Frame) -> bool:
    return base.layout == frame.layout and base.sequence < frame.sequence and len(base.values) == len(frame.values)


def _decode(body: bytes, kind: type[_Struct]) -> _Struct | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        return None


def _describe(answer: Answer) -> str:
    told = _decode(answer.body, _ErrorText)
    return f"HTTP {answer.status}{': ' + told.error if told is not None and told.error else ''}"
