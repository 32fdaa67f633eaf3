"""From matchers to samples: instant vectors, and the windows of range vectors."""
