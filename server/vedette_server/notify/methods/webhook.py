"""A webhook: the alert as JSON, by POST."""

from __future__ import annotations

import math
import ssl
from datetime import UTC, datetime

import httpx
import msgspec

from vedette_server.notify.alert import Alert
from vedette_server.notify.config import WebhookConfig
from vedette_server.notify.errors import DeliveryError, RefusedError, SinkDownError
from vedette_server.notify.text import graph_link
from vedette_shared import __version__

VERSION = 1
"""The version of the JSON object; it grows keys without a new version, and changes none."""

ID_HEADER = "X-Vedette-Notification"

_MOST_RESPONSE_BYTES = 512
_SERVER_ERROR = 500
_TRANSIENT = frozenset({408, 425, 429})
_encoder = msgspec.json.Encoder()


class Webhook:
    """Posts each alert as a JSON object."""

    def __init__(self, config: WebhookConfig, link: str) -> None:
        self._config = config
        self._link = link
        self._host = httpx.URL(config.url).host
        self._context: ssl.SSLContext | None = None

    async def send(self, identity: str, alert: Alert) -> None:
        """Post a notification; see ``Method``."""
        config = self._config
        headers = {
            "User-Agent": f"vedette/{__version__}",
            **config.headers,
            "Content-Type": "application/json",
            ID_HEADER: identity,
        }
        content = _encoder.encode(payload(identity, alert, self._link))
        try:
            async with (
                httpx.AsyncClient(
                    verify=self._ssl_context(),
                    proxy=config.proxy or None,
                    trust_env=False,
                    timeout=config.timeout.seconds,
                ) as client,
                client.stream("POST", config.url, content=content, headers=headers) as response,
            ):
                if not response.is_success:
                    raise _failure(self._host, response.status_code, await _short_text(response))
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise SinkDownError(f"{self._host}: {str(error) or type(error).__name__}") from error

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._config.ca_file)
        return self._context


def payload(identity: str, alert: Alert, link: str) -> dict[str, object]:
    """Return the JSON object, as ``server/CHECKS.md`` documents it."""
    graph = graph_link(alert, link)
    return {
        "version": VERSION,
        "id": identity,
        "status": "resolved" if alert.is_resolved else "firing",
        "kind": alert.kind,
        "host": alert.host,
        "service": alert.service or None,
        "check": alert.check or None,
        "labels": alert.labels,
        "state": alert.state,
        "previous_state": alert.previous_state,
        "summary": alert.summary,
        "value": alert.value if alert.value is not None and math.isfinite(alert.value) else None,
        "unit": alert.unit,
        "levels": {"upper": _levels(alert.upper), "lower": _levels(alert.lower)},
        "time": _moment(alert.time),
        "since": _moment(alert.since),
        "starts": _moment(alert.starts),
        "ends": None if alert.ends is None else _moment(alert.ends),
        "query": alert.graph or None,
        "links": {"graph": graph} if graph else {},
    }


def _failure(host: str, status: int, text: str) -> DeliveryError:
    """What an answer means; the message names the host alone, since the rest of the address may be a secret."""
    kind = SinkDownError if status >= _SERVER_ERROR or status in _TRANSIENT else RefusedError
    return kind(f"{host} answers {status}{f' {text!r}' if text else ''}")


async def _short_text(response: httpx.Response) -> str:
    """The text of a short answer, for the log; one that may be long is not read."""
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > _MOST_RESPONSE_BYTES:
        return ""
    await response.aread()
    return response.text.strip()[:_MOST_RESPONSE_BYTES]


def _levels(levels: tuple[float, ...]) -> list[float | None] | None:
    return [level if math.isfinite(level) else None for level in levels] if levels else None


def _moment(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
