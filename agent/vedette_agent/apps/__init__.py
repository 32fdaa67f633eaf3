"""Applications of this host: found by their listening sockets, recognised by their pages, scraped."""
