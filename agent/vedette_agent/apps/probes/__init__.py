"""What a socket is asked, to learn what it is."""
