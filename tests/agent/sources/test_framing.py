"""Frames bear the labels of a scrape, and what a scrape would add."""

from array import array

import pytest

from vedette_agent.sources.framing import Framing, NewFrame, target_labels
from vedette_agent.sources.interface import Collection
from vedette_shared.frames import decode_target
from vedette_shared.labels import Labels, format_series, make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample, gauge


def families(labels: Labels = ()) -> list[MetricFamily]:
    family = gauge("load", "Load.")
    family.add(0.5, labels)
    return [family]


def names(framing: Framing, collection: Collection) -> list[str]:
    (frame,) = framing.frames_of(collection)
    return [format_series((("__name__", series.name), *series.labels)) for series in frame.layout.series]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, {"host": "h", "instance": "h", "job": "node"}),
        ({"rack": "r1"}, {"host": "h", "instance": "h", "job": "node", "rack": "r1"}),
        ({"instance": "h:9100"}, {"host": "h", "instance": "h:9100", "job": "node"}),
    ],
)
def test_labels_of_the_target(labels: dict[str, str], expected: dict[str, str]) -> None:
    assert target_labels("node", "h", make_labels(labels)) == make_labels(expected)


def test_a_frame() -> None:
    target = target_labels("node", "h", ())
    (frame,) = Framing("node", target, reports_up=True).frames_of(Collection(1234, 0.25, families()))
    assert (frame.timestamp, frame.source, decode_target(frame.target)) == (1234, "node", target)
    assert [series.name for series in frame.layout.series] == [
        "load",
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
    ]
    assert array("d", frame.values).tolist() == [0.5, 1.0, 0.25, 1.0]


def test_samples_with_times_of_their_own_have_frames_of_their_own() -> None:
    """Each layout of theirs is a source of its own, so nothing ends them; what a scrape adds counts all samples."""
    framing = Framing("app:x", target_labels("app", "h", make_labels(pod="p")), reports_up=True)
    usage = MetricFamily("usage", MetricType.GAUGE, "Usage.")
    rows = (("a", 1.0, 900), ("b", 2.0, 800), ("c", 3.0, None))
    usage.samples = [Sample("usage", make_labels(pod=pod), value, time) for pod, value, time in rows]
    idle = MetricFamily("idle", MetricType.GAUGE, "Idle.", "", [Sample("idle", make_labels(pod="a"), 4.0, 900)])
    made = framing.frames_of(Collection(1000, 0.25, [usage, idle]))
    own = {"up": 1.0, "scrape_duration_seconds": 0.25, "scrape_samples_scraped": 4.0}
    assert [(frame.timestamp, described(frame)) for frame in made] == [
        (800, {'usage{exported_pod="b"}': 2.0}),
        (900, {'usage{exported_pod="a"}': 1.0, 'idle{exported_pod="a"}': 4.0}),
        (1000, {'usage{exported_pod="c"}': 3.0, **own}),
    ]
    assert [frame.source for frame in made] == [
        f"app:x@{made[0].layout.hash.hex()}",
        f"app:x@{made[1].layout.hash.hex()}",
        "app:x",
    ]
    assert len({frame.target for frame in made}) == 1
    again = framing.frames_of(Collection(2000, 0.25, [usage, idle]))
    assert all(one.layout is two.layout for one, two in zip(made, again, strict=True))
    (failed,) = framing.frames_of(Collection(3000, 0.25, [], "no answer"))
    assert (failed.source, described(failed)["up"]) == ("app:x", 0.0)


def described(frame: NewFrame) -> dict[str, float]:
    names = [format_series((("__name__", series.name), *series.labels)) for series in frame.layout.series]
    return dict(zip(names, array("d", frame.values), strict=True))


def test_a_failure_is_down_and_its_series_leave() -> None:
    framing = Framing("node", target_labels("node", "h", ()), reports_up=True)
    (frame,) = framing.frames_of(Collection(1234, 10.0, [], "not done after 10 s"))
    assert [series.name for series in frame.layout.series] == [
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
    ]
    assert array("d", frame.values).tolist() == [0.0, 10.0, 0.0]


def test_the_second_source_of_a_job_does_not_report_up() -> None:
    framing = Framing("agent", target_labels("node", "h", ()), reports_up=False)
    assert names(framing, Collection(1, 0.0, families())) == ["load"]


def test_labels_of_the_target_win() -> None:
    framing = Framing("x", target_labels("node", "h", make_labels(rack="r")), reports_up=False)
    mine = make_labels(job="j", rack="s", disk="d")
    for _ in range(2):
        assert names(framing, Collection(1, 0.0, families(mine))) == [
            'load{disk="d", exported_job="j", exported_rack="s"}'
        ]
    assert names(framing, Collection(1, 0.0, families(make_labels(disk="d")))) == ['load{disk="d"}']


def test_series_whose_names_take_too_much_are_a_failure() -> None:
    framing = Framing("x", target_labels("node", "h", ()), reports_up=True, most_bytes=1000)
    (frame,) = framing.frames_of(Collection(1, 0.5, families(make_labels(text="x" * 2000))))
    assert [series.name for series in frame.layout.series] == [
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
    ]
    assert array("d", frame.values).tolist() == [0.0, 0.5, 0.0]
    assert framing.limited == 1
