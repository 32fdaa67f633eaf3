"""Numbers as decimals, by compiled code."""
