"""The terminal: ``vedette top`` and ``vedette query``. It talks to the server over HTTP only."""
