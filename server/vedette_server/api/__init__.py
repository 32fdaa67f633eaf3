"""The HTTP API for people, Grafana and the terminal: Prometheus' under /api/v1, Vedette's own under /api/fleet/v1."""
