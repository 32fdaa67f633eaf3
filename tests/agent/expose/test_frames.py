"""The page as frames reads back as a message."""

from array import array

from vedette_agent.expose.frames import FramePages
from vedette_agent.sources.framing import NewFrame
from vedette_shared.frames import decode_message, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge


def test_a_message_with_all_layouts_each_time() -> None:
    layout = layout_of([gauge("load", "Load.", 0.5)])
    target = encode_target(make_labels(host="h"))
    new = NewFrame(1234, target, "node", layout, array("d", [0.5]).tobytes())
    pages = FramePages("h")
    first, second = decode_message(pages.encode([new, new])), decode_message(pages.encode([new]))
    assert first.sender == second.sender
    assert [frame.sequence for frame in first.frames + second.frames] == [1, 2, 3]
    assert first.layouts == second.layouts == (layout,)
    assert {(frame.timestamp, frame.base, frame.values) for frame in first.frames} == {(1234, 0, new.values)}
