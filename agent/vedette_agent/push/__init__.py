"""Pushing frames to servers: a sans-IO state machine for each server, and the shell that carries its messages."""

from vedette_agent.push.pusher import Pusher
from vedette_agent.push.values import Answer, Push, PushLimits, Wait

__all__ = ["Answer", "Push", "PushLimits", "Pusher", "Wait"]
