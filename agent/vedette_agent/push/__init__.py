"""Pushing frames to servers: a sans-IO state machine for each server, and the shell that carries its messages."""

from vedette_agent.push.pusher import Answer, Push, Pusher, PushLimits, Wait

__all__ = ["Answer", "Push", "PushLimits", "Pusher", "Wait"]
