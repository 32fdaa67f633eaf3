"""Reports as metrics."""

from __future__ import annotations

from tests.agent.ipmi.asking import values_of
from vedette_agent.ipmi.families import bmc_families
from vedette_agent.ipmi.readings import BmcInfo, BmcReport, Chassis, SelInfo, SensorReading, failed
from vedette_agent.ipmi.watchdog import watchdog_families, watchdog_of
from vedette_shared.labels import make_labels

ALL = ("ipmi", "bmc", "chassis", "dcmi", "sel")


def test_sensors_go_by_their_units() -> None:
    sensors = (
        SensorReading(1, "Inlet", "Temperature", 0.0, 24.0, "C"),
        SensorReading(2, "Fan", "Fan", 2.0, 600.0, "RPM"),
        SensorReading(3, "Duty", "Fan", 0.0, 21.95, "%"),
        SensorReading(4, "12V", "Voltage", 0.0, 12.03, "V"),
        SensorReading(5, "PSU", "Current", 0.0, 0.8, "A"),
        SensorReading(6, "Total", "Other Units Based Sensor", 0.0, 352.0, "W"),
        SensorReading(7, "Load", "Processor", 1.0, 12.0, "%"),
    )
    families = bmc_families(BmcReport(sensors=sensors), ("ipmi",), 0.5)
    assert values_of(families) == {
        ("ipmi_up", make_labels(collector="ipmi")): 1.0,
        ("ipmi_scrape_duration_seconds", ()): 0.5,
        ("ipmi_temperature_celsius", make_labels(id="1", name="Inlet")): 24.0,
        ("ipmi_temperature_state", make_labels(id="1", name="Inlet")): 0.0,
        ("ipmi_fan_speed_rpm", make_labels(id="2", name="Fan")): 600.0,
        ("ipmi_fan_speed_state", make_labels(id="2", name="Fan")): 2.0,
        ("ipmi_fan_speed_ratio", make_labels(id="3", name="Duty")): 0.2195,
        ("ipmi_fan_speed_state", make_labels(id="3", name="Duty")): 0.0,
        ("ipmi_voltage_volts", make_labels(id="4", name="12V")): 12.03,
        ("ipmi_voltage_state", make_labels(id="4", name="12V")): 0.0,
        ("ipmi_current_amperes", make_labels(id="5", name="PSU")): 0.8,
        ("ipmi_current_state", make_labels(id="5", name="PSU")): 0.0,
        ("ipmi_power_watts", make_labels(id="6", name="Total")): 352.0,
        ("ipmi_power_state", make_labels(id="6", name="Total")): 0.0,
        ("ipmi_sensor_value", make_labels(id="7", name="Load", type="Processor")): 12.0,
        ("ipmi_sensor_state", make_labels(id="7", name="Load", type="Processor")): 1.0,
    }
    assert len({family.name for family in families}) == len(families)


def test_the_rest() -> None:
    report = BmcReport(
        info=BmcInfo("9.08", "Dell Inc. (674)"),
        chassis=Chassis(False, drive_fault=True, cooling_fault=False),
        watts=352.0,
        sel=SelInfo(6, 15904),
        errors={"ipmi": "no answer"},
    )
    info = make_labels(firmware_revision="9.08", manufacturer_id="Dell Inc. (674)", system_firmware_version="N/A")
    assert values_of(bmc_families(report, ALL, 0.25)) == {
        **{("ipmi_up", make_labels(collector=name)): float(name != "ipmi") for name in ALL},
        ("ipmi_scrape_duration_seconds", ()): 0.25,
        ("ipmi_bmc_info", info): 1.0,
        ("ipmi_chassis_power_state", ()): 0.0,
        ("ipmi_chassis_drive_fault_state", ()): 0.0,
        ("ipmi_chassis_cooling_fault_state", ()): 1.0,
        ("ipmi_dcmi_power_consumption_watts", ()): 352.0,
        ("ipmi_sel_logs_count", ()): 6.0,
        ("ipmi_sel_free_space_bytes", ()): 15904.0,
    }


def test_nothing_was_heard() -> None:
    assert values_of(bmc_families(failed(("bmc", "sel"), "no answer"), ("bmc", "sel"), 5.0)) == {
        ("ipmi_up", make_labels(collector="bmc")): 0.0,
        ("ipmi_up", make_labels(collector="sel")): 0.0,
        ("ipmi_scrape_duration_seconds", ()): 5.0,
    }


def test_watchdog() -> None:
    watchdog = watchdog_of(bytes.fromhex("44310f0008075802"))
    states = {
        ("timer_use_state", "name"): {"BIOS FRB2": 0, "BIOS POST": 0, "OS LOAD": 0, "SMS/OS": 1, "OEM": 0},
        ("timeout_action_state", "action"): {"None": 0, "Hard Reset": 1, "Power Down": 0, "Power Cycle": 0},
        ("pretimeout_interrupt_state", "interrupt"): {
            "None": 0,
            "SMI": 0,
            "NMI / Diagnostic Interrupt": 0,
            "Messaging Interrupt": 1,
        },
    }
    assert values_of(watchdog_families(watchdog)) == {
        **{
            (f"ipmi_bmc_watchdog_{name}", make_labels({label: text})): float(value)
            for (name, label), values in states.items()
            for text, value in values.items()
        },
        ("ipmi_bmc_watchdog_timer_state", ()): 1.0,
        ("ipmi_bmc_watchdog_logging_state", ()): 1.0,
        ("ipmi_bmc_watchdog_pretimeout_interval_seconds", ()): 15.0,
        ("ipmi_bmc_watchdog_initial_countdown_seconds", ()): 180.0,
        ("ipmi_bmc_watchdog_current_countdown_seconds", ()): 60.0,
    }
