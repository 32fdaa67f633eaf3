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
    """A request that cannot be answered."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def bad_parameter(name: str, message: str) -> ApiError:
    """The error of a parameter that cannot be taken, in Prometheus' wording."""
    return ApiError("bad_data", f'invalid parameter "{name}": {message}')
