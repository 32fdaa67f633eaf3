"""The machine that the agent runs on: what it is made of, and its boots, followed over restarts and told as events."""

from vedette_agent.machine.boots import Boot, Boots, LastRun, reboot_event
from vedette_agent.machine.follower import MachineFollower
from vedette_agent.machine.hardware import parts_of

__all__ = ["Boot", "Boots", "LastRun", "MachineFollower", "parts_of", "reboot_event"]
