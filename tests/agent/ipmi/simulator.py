"""A BMC to talk to: OpenIPMI's ipmi_sim with two dozen sensors, whose values are files."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.agent.ipmi.records import (
    AMPERES,
    CELSIUS,
    CURRENT,
    FAN,
    OTHER,
    RPM,
    TEMPERATURE,
    VOLTAGE,
    VOLTS,
    WATTS,
    Analog,
    Discrete,
    Sensor,
    locator,
    record,
)

USER, PASSWORD = "admin", "secret"
PATIENCE_S = 10.0

CPU1, FAN1, PSU2, DRIVE0 = 0x02, 0x04, 0x21, 0x22
"""Numbers of sensors that tests change."""

SENSORS: tuple[Sensor, ...] = (
    Analog(0x01, "Ambient Temp", TEMPERATURE, CELSIUS, 24, thresholds=(None, 47, 42, None, 3, 8)),
    Analog(CPU1, "CPU1 Temp", TEMPERATURE, CELSIUS, 51, thresholds=(None, 95, 90, None, None, None)),
    Analog(0x03, "CPU2 Temp", TEMPERATURE, CELSIUS, 54, thresholds=(None, 95, 90, None, None, None)),
    *(
        Analog(FAN1 + at, f"Fan{at + 1}", FAN, RPM, 120 + at, m=60, thresholds=(None, None, None, None, 10, 16))
        for at in range(6)
    ),
    Analog(0x10, "12V", VOLTAGE, VOLTS, 191, m=63, exponent=-3, thresholds=(None, 214, 208, None, 171, 177)),
    Analog(0x11, "5V", VOLTAGE, VOLTS, 192, m=26, exponent=-3, thresholds=(None, 212, 207, None, 173, 178)),
    Analog(0x12, "3.3V", VOLTAGE, VOLTS, 194, m=17, exponent=-3, thresholds=(None, 214, 208, None, 175, 181)),
    Analog(0x13, "VBAT", VOLTAGE, VOLTS, 190, m=16, exponent=-3, thresholds=(None, None, None, None, 125, 140)),
    Analog(0x14, "PSU1 Input", OTHER, WATTS, 45, m=4, thresholds=(None, 225, 200, None, None, None)),
    Analog(0x15, "PSU2 Input", OTHER, WATTS, 43, m=4, thresholds=(None, 225, 200, None, None, None)),
    Analog(0x16, "Pwr Consumption", OTHER, WATTS, 88, m=4, thresholds=(None, 250, 240, None, None, None)),
    Analog(0x17, "PSU1 Current", CURRENT, AMPERES, 8, exponent=-1),
    Discrete(0x20, "PS1 Status", 0x08, 0x01, 0x4B),
    Discrete(PSU2, "PS2 Status", 0x08, 0x01, 0x4B),
    Discrete(DRIVE0, "Drive 0", 0x0D, 0x01, 0x1FF),
    Discrete(0x23, "Drive 1", 0x0D, 0x01, 0x1FF),
    Discrete(0x24, "Intrusion", 0x05, 0x00, 0x01),
    Discrete(0x25, "ECC Mem", 0x0C, 0x00, 0x3F),
    Discrete(0x26, "PSU Redundancy", 0x08, 0x01, 0xFF, event_type=0x0B),
    Analog(0x27, "Spare Temp", TEMPERATURE, CELSIUS, 20, is_scanned=False),
)

_CHASSIS = """#!/bin/sh
# Called by ipmi_sim: ADDRESS get NAME... or ADDRESS set NAME VALUE...
shift
if [ "$1" = get ]; then
    shift
    for name; do
        case $name in
            power) echo "power:$(cat {folder}/values/power)" ;;
            boot) echo boot:none ;;
        esac
    done
fi
"""

_LAN = """name "bmc"
{module}
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid 00112233445566778899aabbccddeeff
  endlan
  {serial}
  chassis_control "{folder}/chassis 0x20"
  user 1 true "" "" user 1 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""


def need(*programs: str) -> None:
    """Skip the test unless all ``programs`` are installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SimulatedBmc:
    """One BMC: a process, and a folder with its files. ``serial`` is the port for a virtual machine."""

    def __init__(self, folder: Path, *, with_dcmi: Path | None = None, with_serial: bool = False) -> None:
        self.port = free_port()
        self._folder = folder
        (folder / "values").mkdir(parents=True)
        (folder / "state").mkdir()
        chassis = folder / "chassis"
        chassis.write_text(_CHASSIS.format(folder=folder))
        chassis.chmod(0o755)
        module = f'loadlib "{with_dcmi}" "{folder}/values/watts"' if with_dcmi else ""
        self.serial = free_port() if with_serial else 0
        serial = f"serial 15 127.0.0.1 {self.serial} codec VM" if with_serial else ""
        lan = _LAN.format(module=module, serial=serial, port=self.port, folder=folder, user=USER, password=PASSWORD)
        (folder / "lan.conf").write_text(lan)
        (folder / "bmc.emu").write_text("\n".join(self._commands()) + "\n")
        self.set_file("watts", 352)
        self.set_file("power", 1)
        self.start()

    def set_sensor(self, number: int, raw: int) -> None:
        """Let a sensor read ``raw``; the simulator looks five times a second."""
        self.set_file(f"{number:02x}", raw)

    def set_file(self, name: str, value: int) -> None:
        whole = self._folder / "values" / f".{name}"
        whole.write_text(f"{value}\n")
        whole.rename(self._folder / "values" / name)

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["ipmi_sim", "-c", "lan.conf", "-f", "bmc.emu", "-s", "state", "-n"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + PATIENCE_S
        while not self._listens():
            assert self.process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < end, "ipmi_sim does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        return f"0100007F:{self.port:04X}" in Path("/proc/net/udp").read_text()

    def _commands(self) -> list[str]:
        commands = [
            "mc_setbmc 0x20",
            "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02",
            "sel_enable 0x20 1000 0x0a",
            f"main_sdr_add 0x20 {_hex(record(1, 0x12, locator('bmc')))}",
        ]
        for number, sensor in enumerate(SENSORS, start=2):
            commands.append(f"main_sdr_add 0x20 {_hex(record(number, sensor.record_type, sensor.body()))}")
            commands += self._sensor_commands(sensor)
        # A record of an event of the CPU's sensor, and one of a power supply's.
        commands.append("sel_add 0x20 0x02 0 0 0 0 0x20 0x00 0x04 0x01 0x02 0x01 0x59 0x60 0x5f")
        commands.append("sel_add 0x20 0x02 0 0 0 0 0x20 0x00 0x04 0x08 0x21 0x6f 0x03 0xff 0xff")
        return [*commands, "mc_enable 0x20"]

    def _sensor_commands(self, sensor: Sensor) -> list[str]:
        self.set_sensor(sensor.number, sensor.raw)
        file = self._folder / "values" / f"{sensor.number:02x}"
        at = f"0x20 0 {sensor.number}"
        commands = [f'sensor_add {at} {sensor.type} {sensor.event_type:#x} poll 200 file "{file}"']
        if isinstance(sensor, Analog):
            thresholds = " ".join(str(threshold or 0) for threshold in sensor.thresholds)
            commands.append(f"sensor_set_threshold {at} settable {sensor.supported:06b} {thresholds}")
        events = f"{sensor.events:015b}"
        scanning = "scanning" if sensor.is_scanned else "no-scanning"
        return [*commands, f"sensor_set_event_support {at} enable {scanning} per-state {' '.join([events] * 4)}"]


def build_dcmi_module(folder: Path) -> Path:
    """Compile the module that adds DCMI to the simulator."""
    need("gcc")
    if not Path("/usr/include/OpenIPMI/serv.h").exists():
        pytest.skip("libopenipmi-dev is not installed")
    made = folder / "dcmi.so"
    source = Path(__file__).with_name("dcmi_module.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(made), str(source)], check=True, capture_output=True)
    return made


def _hex(data: Sequence[int]) -> str:
    return " ".join(f"{byte:#04x}" for byte in data)
