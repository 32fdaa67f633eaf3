"""``[[scrape]]``: jobs of targets to pull, with the names and defaults that Prometheus has for them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from vedette_shared.config import Duration, Size
from vedette_shared.exposition import DEFAULT_PROTOCOLS, ScrapeProtocol, check_protocols
from vedette_shared.labels import METRIC_NAME, is_legacy_label_name

DEFAULT_INTERVAL = Duration(60_000)
DEFAULT_TIMEOUT = Duration(10_000)
DEFAULT_BODY_SIZE_LIMIT = Size(64 * 2**20)


class BasicAuthConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[scrape.basic_auth]``. The password stands here or in a file of its own."""

    username: str
    password: str = ""
    password_file: Path | None = None

    def __post_init__(self) -> None:
        if self.password and self.password_file is not None:
            raise ValueError("give either password or password_file, not both")
        if ":" in self.username:
            raise ValueError("a username cannot hold a colon")


class TlsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[scrape.tls]``, for ``scheme = "https"``.

    Attributes:
        ca_file: Who may sign the target's certificate, in place of the system's authorities.
        cert_file: The certificate that the target asks of us, with its key in ``key_file``.
        server_name: The name that the target's certificate must bear, if not its address.
        insecure_skip_verify: Take any certificate.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")


class ScrapeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[scrape]]``: a job and its targets.

    Attributes:
        job: The job's name, and the label ``job``.
        targets: ``host:port``, or ``host`` alone for the scheme's usual port; the label ``instance``.
        labels: More labels of all targets. Without a ``host`` among them it is the host of the target's address, for
            a loopback address this machine's name.
        interval: How often.
        timeout: How long a scrape may take; by default 10 s, or the interval if that is shorter.
        path: Where the page is.
        params: What follows the question mark.
        scheme: ``http`` or ``https``.
        honor_labels: Whether the page's own labels win over the target's; otherwise they become ``exported_NAME``.
        honor_timestamps: Whether samples keep timestamps that the page states.
        scrape_protocols: The formats to ask for, the first one above all.
        compression: Whether to ask for gzip.
        follow_redirects: Whether to go where the target points to.
        sample_limit: The most samples of a page, 0 for no limit; so the next three.
        label_limit: The most labels of a series.
        label_name_length_limit: The longest name of a label.
        label_value_length_limit: The longest value of a label.
        body_size_limit: The most bytes of a page, unpacked; 0 for no limit. Unlike Prometheus' it is set by default.
    """

    job: str
    targets: tuple[str, ...]
    labels: dict[str, str] = {}
    interval: Duration = DEFAULT_INTERVAL
    timeout: Duration | None = None
    path: str = "/metrics"
    params: dict[str, tuple[str, ...]] = {}
    scheme: str = "http"
    honor_labels: bool = False
    honor_timestamps: bool = True
    scrape_protocols: tuple[ScrapeProtocol, ...] = DEFAULT_PROTOCOLS
    compression: bool = True
    follow_redirects: bool = True
    sample_limit: int = 0
    label_limit: int = 0
    label_name_length_limit: int = 0
    label_value_length_limit: int = 0
    body_size_limit: Size = DEFAULT_BODY_SIZE_LIMIT
    basic_auth: BasicAuthConfig | None = None
    tls: TlsConfig | None = None

    def __post_init__(self) -> None:
        if not self.job:
            raise ValueError("job must not be empty")
        if self.interval <= 0:
            raise ValueError("interval must be longer than 0s")
        if self.timeout is not None and not 0 < self.timeout <= self.interval:
            raise ValueError("timeout must be longer than 0s and no longer than interval")
        if self.scheme not in ("http", "https"):
            raise ValueError('scheme must be "http" or "https"')
        if self.tls is not None and self.scheme != "https":
            raise ValueError('tls needs scheme = "https"')
        check_protocols(self.scrape_protocols)
        if not self.path.startswith("/"):
            raise ValueError('path must begin with "/"')
        for name in ("sample_limit", "label_limit", "label_name_length_limit", "label_value_length_limit"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        for name in self.labels:
            if name == METRIC_NAME or not is_legacy_label_name(name):
                raise ValueError(f"{name!r} cannot be the name of a target's label")

    @property
    def effective_timeout(self) -> Duration:
        """The timeout, or what it is by default."""
        return self.timeout if self.timeout is not None else min(DEFAULT_TIMEOUT, self.interval)
