"""``vedette demo``: a server, an agent and the terminal on this host, in a folder of their own."""
