"""Collectors that people write themselves, in Python."""
