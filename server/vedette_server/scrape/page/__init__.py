"""Pages into vectors: what a page holds is learned once, and after that only its values are read."""

from vedette_server.scrape.page.protobuf import text_of_protobuf
from vedette_server.scrape.page.reader import FormCache, PageReader, Reading, warm_up
from vedette_server.scrape.page.series import LabelRules
from vedette_server.scrape.page.shape import OWN_NAMES, OWN_ONLY, Part, Shape

__all__ = [
    "OWN_NAMES",
    "OWN_ONLY",
    "FormCache",
    "LabelRules",
    "PageReader",
    "Part",
    "Reading",
    "Shape",
    "text_of_protobuf",
    "warm_up",
]
