"""Aggregations: many series to one for each group."""
