"""The applications that are known: where they listen, and what on a page only they have.

The ports are those that Prometheus' list of default port allocations and the exporters' own documents name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vedette_agent.apps.config import Kind
from vedette_agent.apps.sockets import Place


@dataclass(frozen=True, slots=True)
class Application:
    """One kind of page.

    Attributes:
        job: The label.
        title: For people.
        ports: Where it listens unless told otherwise.
        evidence: Metrics of which one on a page shows that it is this; ``…_`` at the end stands for any that begin so.
        paths: Where the page is.
        kind: How it is read.
        processes: Names of processes whose other ports are worth a look, too.
        further: Jobs and paths of other pages that it may have.
    """

    job: str
    title: str
    ports: tuple[int, ...]
    evidence: tuple[str, ...]
    paths: tuple[str, ...] = ("/metrics",)
    kind: Kind = "metrics"
    processes: tuple[str, ...] = ()
    further: tuple[tuple[str, str], ...] = ()

    def is_run_by(self, process: str) -> bool:
        """Whether a process is one of its own, with a version in its name (``php-fpm8.2``) or without."""
        return process in self.processes or process.rstrip("0123456789.") in self.processes


KUBELET = Application(
    "kubelet",
    "Kubernetes: kubelet",
    (10255, 10250),
    ("kubelet_node_name", "kubelet_running_pods"),
    processes=("kubelet",),
    further=(("cadvisor", "/metrics/cadvisor"),),
)
"""What is asked over TLS where it speaks that."""

APPLICATIONS = (
    Application("mysql", "MySQL, MariaDB: mysqld_exporter", (9104,), ("mysql_up", "mysqld_exporter_build_info")),
    Application("postgres", "PostgreSQL: postgres_exporter", (9187,), ("pg_up", "postgres_exporter_build_info")),
    Application(
        "elasticsearch",
        "Elasticsearch: elasticsearch_exporter",
        (9114, 9108),
        ("elasticsearch_cluster_health_", "elasticsearch_exporter_build_info"),
    ),
    Application(
        "rabbitmq", "RabbitMQ: its own, rabbitmq_exporter", (15692, 9419), ("rabbitmq_identity_info", "rabbitmq_up")
    ),
    Application(
        "ceph", "Ceph: its manager, ceph-exporter", (9283, 9926), ("ceph_health_status", "ceph_daemon_socket_up")
    ),
    Application("apache", "Apache: apache_exporter", (9117,), ("apache_up",)),
    Application("nginx", "nginx: nginx-prometheus-exporter", (9113,), ("nginx_up", "nginxexporter_build_info")),
    Application(
        "traefik", "Traefik: its own", (8080, 8082, 9100), ("traefik_config_reloads_total",), processes=("traefik",)
    ),
    Application("docker", "Docker: its own", (9323,), ("engine_daemon_engine_info",), processes=("dockerd",)),
    KUBELET,
    Application("redis", "Redis: redis_exporter", (9121,), ("redis_up", "redis_exporter_build_info")),
    Application(
        "haproxy", "HAProxy: its own, haproxy_exporter", (8404, 8405, 9101), ("haproxy_process_", "haproxy_up")
    ),
    Application("github", "GitHub: github-exporter", (9171, 9504), ("github_repo_", "github_rate_")),
    Application("php-fpm", "PHP-FPM: php-fpm_exporter", (9253,), ("phpfpm_up",)),
    Application("memcached", "memcached: memcached_exporter", (9150,), ("memcached_up",)),
    Application("mongodb", "MongoDB: mongodb_exporter", (9216,), ("mongodb_up",)),
    Application("bind", "BIND: bind_exporter", (9119,), ("bind_up",)),
    Application("varnish", "Varnish: varnish_exporter", (9131,), ("varnish_up",)),
)
"""Those with pages of metrics."""

POOL = Application("php-fpm", "PHP-FPM: status of a pool", (9000,), (), ("/status",), "php-fpm-status", ("php-fpm",))
"""What is asked over FastCGI."""

STATUS_PAGES = (
    Application(
        "apache",
        "Apache: mod_status",
        (80, 8080, 8081),
        (),
        ("/server-status?auto",),
        "apache-status",
        ("apache2", "httpd"),
    ),
    Application(
        "nginx",
        "nginx: stub_status",
        (80, 8080, 8081),
        (),
        ("/nginx_status", "/stub_status", "/basic_status"),
        "nginx-status",
        ("nginx",),
    ),
    POOL,
)
"""Those that are read directly, where no exporter of theirs runs."""


GATHERERS = (
    "node_exporter_build_info",
    "windows_exporter_build_info",
    "prometheus_tsdb_head_series",
    "pushgateway_build_info",
    "vedette_agent_",
)
"""Metrics of programs whose pages hold what others say, too: of text files, pushed, scraped. None of it is evidence."""


def recognise(names: Iterable[str]) -> tuple[Application, str] | None:
    """Return the application whose page has metrics of these names, and the name that shows it."""
    present = sorted(set(names))
    if any(_is_evidence(name, gatherer) for name in present for gatherer in GATHERERS):
        return None
    for application in APPLICATIONS:
        for evidence in application.evidence:
            found = next((name for name in present if _is_evidence(name, evidence)), None)
            if found is not None:
                return application, found
    return None


def _is_evidence(name: str, evidence: str) -> bool:
    return name.startswith(evidence) if evidence.endswith("_") else name == evidence


def candidates(place: Place, process: str, *, is_pool: bool = False) -> list[Application]:
    """The applications that may listen at ``place``; of a process that calls itself an exporter, any.

    Args:
        place: Port or path.
        process: Who listens there; empty where that is not known.
        is_pool: Whether a configuration of PHP-FPM says that one of its pools does.
    """
    if is_pool:
        return [POOL]
    by_process = [one for one in (*APPLICATIONS, *STATUS_PAGES) if one.is_run_by(process)]
    if isinstance(place, str):
        may_be = POOL in by_process or (not process and "php" in place)
        return [POOL] if may_be else []
    by_port = [one for one in (*APPLICATIONS, *STATUS_PAGES) if place in one.ports]
    named_so = [_ANY] if "exporter" in process else []
    chosen = dict.fromkeys([*by_process, *by_port, *named_so])
    # A process that is known to be another program has no status page of this one.
    return [one for one in chosen if not process or one.is_run_by(process) or one not in STATUS_PAGES]


_ANY = Application("", "an exporter", (), ())
