"""Notification: what an alert is, who is told of it, and the delivery until it is accepted."""
