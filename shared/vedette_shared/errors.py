"""What can go wrong, as a tree.

    VedetteError            one clear line for people: what, where, how to mend it
    ├── UsageError          the command line is wrong (exit code 2)
    ├── ConfigError         a configuration file is wrong: names the file and the key path
    ├── DurationError       a text is not a duration
    ├── LabelError          a label set or a metric name is not valid
    ├── ExpositionError     a page of metrics is malformed: names the line, or the byte
    ├── FrameError          bytes are not a message of frames
    ├── ListenError         an address cannot be listened on
    └── ServerUnreachableError     nothing answers at the server's address

Each package adds its own branches in its own errors module.
"""

from __future__ import annotations

from typing import ClassVar


class VedetteError(Exception):
    """An error whose text is fit to show to the person at the keyboard as one line."""

    exit_code: ClassVar[int] = 1


class UsageError(VedetteError):
    """The command line cannot be taken as given."""

    exit_code: ClassVar[int] = 2


class ConfigError(VedetteError):
    """A configuration file cannot be taken; the text names the file, the key path and the fix."""


class DurationError(VedetteError, ValueError):
    """A text that should be a duration, such as ``1h30m``, is not one."""


class LabelError(VedetteError, ValueError):
    """A metric name, a label name or a label set is not valid."""


class ExpositionError(VedetteError, ValueError):
    """A page of metrics is malformed.

    Attributes:
        line: The number of the line, from 1; 0 on a page that has no lines.
        byte: Where on such a page, from 0.
    """

    def __init__(self, message: str, line: int = 0, *, byte: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else f"byte {byte}: {message}")
        self.line = line
        self.byte = byte


class FrameError(VedetteError, ValueError):
    """Bytes that should be a message of frames are cut short, damaged or of an unknown version."""


class ListenError(VedetteError):
    """An address cannot be listened on; the text says why and what to do."""


class ServerUnreachableError(VedetteError):
    """No server answers at the given address."""
