"""The numbers that the server exposes of its fleet."""

from __future__ import annotations

from tests.server.checks.rig import Rig
from vedette_server.checks import fleet_families
from vedette_server.notify import DeliveryTotals, delivery_families


def test_fleet() -> None:
    rig = Rig()
    rig.see(h1=0, h2=None)
    rig.disks(h1_=50, h1_srv=95)
    families = {
        family.name: {dict(sample.labels)["state"]: sample.value for sample in family.samples}
        for family in fleet_families(rig.fleet)
    }
    assert families == {
        "vedette_hosts": {"UP": 1, "DOWN": 1, "UNREACH": 0},
        "vedette_services": {"OK": 1, "WARN": 0, "CRIT": 1, "UNKNOWN": 0},
    }


def test_delivery() -> None:
    families = delivery_families(DeliveryTotals(delivered=4, failed=3, dropped=2, pending=1))
    assert {family.name: family.samples[0].value for family in families} == {
        "vedette_notifications_delivered_total": 4,
        "vedette_notifications_failed_attempts_total": 3,
        "vedette_notifications_dropped_total": 2,
        "vedette_notifications_pending": 1,
    }
