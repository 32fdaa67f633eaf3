"""Range functions that look at how values change: ``rate``, ``increase``, ``delta``, ``resets`` and their like."""
