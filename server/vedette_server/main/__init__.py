"""The server's process: configuration, the root nursery, signals."""
