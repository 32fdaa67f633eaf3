"""Traps and informs: what devices tell by themselves. All but ``engine`` and ``source`` is free of I/O."""
