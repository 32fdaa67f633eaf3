"""What the agent, the server and the terminal have in common."""

__version__ = "0.1.0"
