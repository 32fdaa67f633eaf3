"""What the API answers when it cannot answer: the error types of Prometheus' API and their statuses."""

from __future__ import annotations

from vedette_shared.errors import VedetteError

STATUSES = {
    "bad_data": 400,
    "execution": 422,
    "canceled": 503,
    "timeout": 503,
    "unavailable": 503,
    "not_found": 404,
    "internal": 500,
}
"""The HTTP status of each error type."""


class ApiError(VedetteError):
    """A request that cannot be answered.

    Attributes:
        error_type: One of ``STATUSES``.
        status: The HTTP status, if it is another than the type's.
        limit: The name of the limit that was exceeded, if that is why.
    """

    def __init__(self, error_type: str, message: str, *, status: int = 0, limit: str = "") -> None:
        super().__init__(message)
        self.error_type = error_type
        self.status = status or STATUSES[error_type]
        self.limit = limit


def bad_parameter(name: str, message: str, *, limit: str = "") -> ApiError:
    """The error of a parameter that cannot be taken, in Prometheus' wording."""
    return ApiError("bad_data", f'invalid parameter "{name}": {message}', limit=limit)
