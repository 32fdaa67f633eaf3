"""Status pages of applications as the metrics of their exporters: bytes in, families out, no I/O."""
