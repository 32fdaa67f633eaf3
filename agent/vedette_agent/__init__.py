"""The agent: collects a host's metrics, exposes them and pushes them to servers."""
