"""Range functions that look at a window's values as such: ``*_over_time``, ``deriv`` and their like."""
