"""IPMI: what baseboard management controllers measure, over LAN or through the host's own device."""
