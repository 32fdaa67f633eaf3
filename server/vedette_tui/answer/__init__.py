"""Answers of the HTTP API as ``vedette query`` shows them: tables and plots, lines of text. Pure."""
