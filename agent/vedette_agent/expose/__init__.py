"""Exposure: the page of metrics for those who pull."""
