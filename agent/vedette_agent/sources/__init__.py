"""Sources: what is collected together, when, and within which time."""
