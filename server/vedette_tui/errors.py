"""What can go wrong between the terminal and the server.

VedetteError
├── NoTerminalError             standard output is not a terminal
├── ServerUnreachableError      nothing answers at the server's address (of vedette_shared)
└── AnswerError                 something answers, but not with what was asked for
    ├── ForeignAnswerError      what answers is not a Vedette server
    └── RefusedError            the server says why not
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class NoTerminalError(VedetteError):
    """The screen cannot be shown: standard input or output is not a terminal."""


class AnswerError(VedetteError):
    """The server answered, but not with the data that was asked for."""


class ForeignAnswerError(AnswerError):
    """What answers at the address does not speak Vedette's API."""


class RefusedError(AnswerError):
    """The server refused the request or failed at it; the text is the server's."""
