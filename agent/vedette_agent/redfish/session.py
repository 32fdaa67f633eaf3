"""The session with a Redfish service: one connection, a token that is renewed, bounds for all that comes.

Source: DMTF DSP0266, clauses 6 to 8 (protocol), 13 (sessions and basic authentication).
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
import trio

from vedette_agent.credentials import basic
from vedette_agent.errors import CollectorError
from vedette_agent.redfish.resources import ID, ROOT, AnswerError, Resource, link, local_path, text
from vedette_shared.http import Client, ClientResponse, HttpClientError

MOST_REQUESTS = 256
MOST_BYTES = 16 * 2**20
"""Of one reading."""
MOST_BODY = 4 * 2**20
"""Of one answer."""
MOST_REDIRECTS = 3
MOST_WAIT_S = 300.0
"""That a ``Retry-After`` is heeded."""
REFUSED_WAIT_S = 300.0
"""After a refused login: BMCs lock users out that try again and again."""
LOGOUT_S = 2.0

_HEADERS = {"Accept": "application/json", "OData-Version": "4.0"}
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BUSY = frozenset((429, 503))


class LoginError(CollectorError):
    """The BMC knows the user not, or by another password."""


class BusyError(CollectorError):
    """The BMC asks for patience, as one does that starts."""


class NoRedfishError(CollectorError):
    """What is there does not speak Redfish."""


@dataclass(frozen=True, slots=True)
class RedfishTarget:
    """Where a service is and who asks it. ``repr`` does not show the password.

    Attributes:
        url: Scheme, host and port.
        verify: Whether its certificate must be one that ``ca_file``, or else the machine, trusts.
        fingerprint: SHA-256 of the certificate itself, in place of that; empty for none.
    """

    url: str
    user: str
    password: str = field(repr=False)
    verify: bool = True
    fingerprint: bytes = b""
    ca_file: str = ""


def tls_of(target: RedfishTarget) -> ssl.SSLContext:
    """Return what decides whether the BMC is trusted. Raises OSError, ssl.SSLError."""
    if not target.fingerprint and target.verify:
        return ssl.create_default_context(cafile=target.ca_file or None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the authorities of the machine, which take long to read
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Certificates that BMCs made for themselves have short keys and old signatures, which nobody relies upon here.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


class RedfishSession:
    """Asks one service. By one task at a time; nothing is sent before the first request.

    Args:
        target: Where it is.
        request_timeout: Seconds for one request, a login included.
    """

    def __init__(self, target: RedfishTarget, request_timeout: float) -> None:
        self.cpu_seconds = 0.0
        self._target = target
        self._timeout = request_timeout
        self._client: Client | None = None
        self._root: Resource = {}
        self._authorization: dict[str, str] = {}
        self._location = ""
        self._wait_until = 0.0
        self._wait_why: CollectorError = CollectorError("")
        self._requests = 0
        self._bytes = 0

    async def begin(self) -> Resource:
        """Begin a reading, with bounds of its own; return the service root.

        Raises:
            CollectorError: nobody is there, or wants to be asked now.
        """
        if trio.current_time() < self._wait_until:
            raise self._wait_why
        self._requests = self._bytes = 0
        if not self._root:
            self._root = await self._read_root()
        return self._root

    async def get(self, path: str) -> Resource:
        """Return the resource at ``path``.

        Raises:
            AnswerError: it is not to be had.
            CollectorError: the service cannot be reached, or lets nobody in.
        """
        path = local_path(path)
        if not self._authorization:
            await self._log_in()
        response = await self._follow(path)
        if response.status == 401 and "X-Auth-Token" in self._authorization:
            # Sessions end when the BMC wants: after a reset, or where others need the room.
            await self._log_in()
            response = await self._follow(path)
        if response.status == 401:
            self._authorization = {}
            raise self._refused("the BMC refuses the user or the password")
        if response.status != 200:
            raise AnswerError(f"{path}: the BMC answers {response.status}")
        return self._decode(path, response.body)

    async def log_out(self) -> None:
        """End the session at the BMC, which has room for few; takes a moment at most, also where it is cancelled."""
        location, headers = self._location, self._authorization
        self._authorization, self._location = {}, ""
        if location:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + LOGOUT_S):
                client = self._make_client()  # another one, as the first may be in the midst of a request
                try:
                    await client.request("DELETE", location, {**_HEADERS, **headers})
                except HttpClientError:
                    pass
                finally:
                    await client.aclose()
        await self._hang_up()

    def forget(self) -> None:
        """Let the next reading begin with the service root."""
        self._root = {}

    async def _read_root(self) -> Resource:
        response = await self._follow(ROOT)
        if response.status != 200:
            raise NoRedfishError(f"{self._target.url}{ROOT}: status {response.status}: it does not speak Redfish")
        try:
            root = self._decode(ROOT, response.body)
        except AnswerError as error:
            raise NoRedfishError(f"{self._target.url}: {error}") from error
        if not text(root, "RedfishVersion"):
            raise NoRedfishError(f"{self._target.url}{ROOT} tells of no RedfishVersion")
        return root

    async def _log_in(self) -> None:
        """By a session where there are any, or else by sending the password each time."""
        self._authorization, self._location = {}, ""
        sessions = link(self._root, "Links", "Sessions")
        if sessions:
            credentials = {"UserName": self._target.user, "Password": self._target.password}
            headers = {**_HEADERS, "Content-Type": "application/json"}
            response = await self._request("POST", local_path(sessions), headers, msgspec.json.encode(credentials))
            if response.status in (401, 403):
                raise self._refused("the BMC refuses the user or the password")
            token = response.headers.get("x-auth-token", "")
            if response.status in (200, 201) and token:
                self._authorization = {"X-Auth-Token": token}
                self._location = self._location_of(response)
                return
        self._authorization = {"Authorization": basic(self._target.user, self._target.password)}

    def _location_of(self, response: ClientResponse) -> str:
        try:
            return local_path(response.headers.get("location", "") or text(self._decode("", response.body), ID))
        except AnswerError:
            return ""  # it is left to end by itself

    def _refused(self, why: str) -> LoginError:
        error = LoginError(f"{self._target.url}: {why}; trying again in {REFUSED_WAIT_S:g} s, as BMCs lock users out")
        self._wait(REFUSED_WAIT_S, error)
        return error

    def _wait(self, seconds: float, why: CollectorError) -> None:
        self._wait_until, self._wait_why = trio.current_time() + seconds, why

    async def _follow(self, path: str) -> ClientResponse:
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._request("GET", path, {**_HEADERS, **self._authorization}, b"")
            if response.status not in _REDIRECTS:
                return response
            target = response.headers.get("location", "")
            host = urlsplit(target).netloc
            if host and host != urlsplit(self._target.url).netloc:
                raise AnswerError(f"{path}: the BMC leads to another host, {host!r:.80}")
            path = local_path(target)
        raise AnswerError(f"{path}: the BMC leads from one place to another without end")

    async def _request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> ClientResponse:
        if self._requests >= MOST_REQUESTS or self._bytes >= MOST_BYTES:
            raise AnswerError(
                f"a reading may take {MOST_REQUESTS} requests and {MOST_BYTES} bytes; {path} was left out"
            )
        self._requests += 1
        if self._client is None:
            self._client = self._make_client()
        try:
            with trio.fail_after(self._timeout):
                response = await self._client.request(method, path, headers, body)
        except trio.TooSlowError as error:
            raise CollectorError(f"{self._target.url}{path}: no whole answer within {self._timeout:g} s") from error
        except HttpClientError as error:
            raise CollectorError(str(error)) from error
        self._bytes += len(response.body)
        if response.status in _BUSY and "retry-after" in response.headers:
            raise self._busy(response.headers["retry-after"])
        return response

    def _busy(self, retry_after: str) -> BusyError:
        seconds = min(float(retry_after), MOST_WAIT_S) if retry_after.isdecimal() else 0.0
        error = BusyError(f"{self._target.url}: the BMC is busy, or starts; it wants to be asked in {seconds:g} s")
        self._wait(seconds, error)
        return error

    def _make_client(self) -> Client:
        target = self._target
        try:
            tls = tls_of(target)
        except (OSError, ssl.SSLError) as error:
            raise CollectorError(f"{target.ca_file}: no certificates can be read from it: {error}") from error
        return Client(target.url, tls, MOST_BODY, is_strict=True, fingerprint=target.fingerprint)

    def _decode(self, path: str, body: bytes) -> Resource:
        begin = time.thread_time()
        try:
            # Some put bytes of another encoding into the names of parts.
            resource = msgspec.json.decode(body.decode("utf-8", "replace"))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise AnswerError(f"{path}: the BMC's answer is no JSON: {error}") from error
        finally:
            self.cpu_seconds += time.thread_time() - begin
        if not isinstance(resource, dict):
            raise AnswerError(f"{path}: the BMC's answer is no JSON object")
        return resource

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with trio.CancelScope(shield=True):
                await client.aclose()
