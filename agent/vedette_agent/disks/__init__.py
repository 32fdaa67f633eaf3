"""Disks: what smartctl tells of their health, under the names of smartctl_exporter."""
