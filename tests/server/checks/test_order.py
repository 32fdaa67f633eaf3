"""In which order a result's series come makes no difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.server.checks.rig import Rig, result

KEYS = [(host, mount) for host in ("h1", "h2", "h3") for mount in ("/", "/srv", "/var")]
Labels = tuple[tuple[str, str], ...]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), st.sampled_from([50.0, 85.0, 95.0])), max_size=4), st.randoms())
def test_shuffled(courses: list[dict[tuple[str, str], float]], source: object) -> None:
    ordered, shuffled = Rig(), Rig()
    for rig in (ordered, shuffled):
        rig.see(h1=0, h2=0, h3=None)
    for course in courses:
        series: dict[Labels, float] = {
            (("host", host), ("mountpoint", mount)): value for (host, mount), value in course.items()
        }
        mixed = list(series.items())
        source.shuffle(mixed)  # type: ignore[attr-defined] # hypothesis' Random
        first = ordered.cycle.evaluate("disk", result(series), ordered.clock.now_ms())
        second = shuffled.cycle.evaluate("disk", result(dict(mixed)), shuffled.clock.now_ms())
        assert sorted(alert.subject for alert in first.alerts) == sorted(alert.subject for alert in second.alerts)
        for host in ("h1", "h2", "h3"):
            assert ordered.fleet.services(host) == shuffled.fleet.services(host)
        for rig in (ordered, shuffled):
            rig.pass_minutes()
