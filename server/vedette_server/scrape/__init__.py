"""The server's pull: pages of metrics, fetched at their intervals and stored as frames."""

from vedette_server.scrape.config import BasicAuthConfig, ScrapeConfig, TlsConfig
from vedette_server.scrape.scraper import Scraper
from vedette_server.scrape.status import Health, TargetStatus

__all__ = ["BasicAuthConfig", "Health", "ScrapeConfig", "Scraper", "TargetStatus", "TlsConfig"]
