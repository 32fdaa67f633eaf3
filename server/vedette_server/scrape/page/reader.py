"""Reads the pages of one target, one after the other, and remembers what they look like."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import numpy as np

from vedette_server.compiled import in_background
from vedette_server.scrape.page.kernels import NO_TIME
from vedette_server.scrape.page.series import LabelRules
from vedette_server.scrape.page.shape import OWN_NAMES, Shape, learn_page
from vedette_server.scrape.page.template import Template, Times, Values, follow
from vedette_shared.labels import Labels

_RECENT = 4


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Form:
    """What a page looks like and what it means."""

    template: Template
    shape: Shape


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as numbers.

    Attributes:
        shape: What the numbers are.
        vector: Those of ``OWN_NAMES``, which the caller fills, and after them the page's.
        times: The timestamp in ms of each of the page's, ``NO_TIME`` where it states none.
    """

    shape: Shape
    vector: Values = field(compare=False)
    times: Times = field(compare=False)


class FormCache:
    """The forms of a job's pages. Targets whose pages differ only in their values share one."""

    def __init__(self) -> None:
        self._by_template: WeakValueDictionary[tuple[bytes, bool], Form] = WeakValueDictionary()
        self._recent: deque[Form] = deque(maxlen=_RECENT)

    def recent(self) -> tuple[Form, ...]:
        """The forms learned last, the newest first."""
        return tuple(self._recent)

    def share(self, form: Form) -> Form:
        """Return the form that stands for all of the same template."""
        if not form.shape.is_of_any_target:
            return form
        key = (form.template.text, form.template.openmetrics)
        shared = self._by_template.get(key)
        if shared is None:
            shared = self._by_template[key] = form
            self._recent.appendleft(form)
        return shared


class PageReader:
    """Reads the pages of one target. A page like the one before costs one pass of a compiled loop."""

    def __init__(self, rules: LabelRules, target: Labels, cache: FormCache) -> None:
        self._rules = rules
        self._target = target
        self._cache = cache
        self._form: Form | None = None
        self.learned = 0
        """How many pages did not look like the one before."""

    def read(self, page: bytes, *, openmetrics: bool) -> Reading:
        """Return the numbers of a page.

        Raises:
            ExpositionError: a line is malformed.
            LimitError: the page goes beyond a limit.
        """
        return self.recall(page, openmetrics=openmetrics) or self.learn(page, openmetrics=openmetrics)

    def recall(self, page: bytes, *, openmetrics: bool) -> Reading | None:
        """Return the numbers of a page that looks like the one before, or like those of other targets; else ``None``.

        This is quick.
        """
        page = _whole(page)
        for form in (self._form, *self._cache.recent()):
            if form is None or form.template.openmetrics != openmetrics:
                continue
            numbers = form.template.read(page, len(OWN_NAMES))
            if numbers is not None:
                self._form = form
                return Reading(form.shape, *numbers)
        return None

    def learn(self, page: bytes, *, openmetrics: bool) -> Reading:
        """Return the numbers of any page, and remember what it looks like. This takes some 20 µs a line.

        Raises:
            ExpositionError: a line is malformed.
            LimitError: the page goes beyond a limit.
        """
        page = _whole(page)
        self.learned += 1
        if self._form is not None and self._form.template.openmetrics == openmetrics:
            followed = follow(self._form.template, page)
            if followed is not None:
                template, values = followed
                times = np.full(len(values), NO_TIME, np.int64)
                return self._reading(Form(template, self._form.shape), values, times)
        shape, template, values, times = learn_page(page, self._rules, self._target, openmetrics=openmetrics)
        return self._reading(self._cache.share(Form(template, shape)), values, times)

    def _reading(self, form: Form, values: Values, times: Times) -> Reading:
        self._form = form
        return Reading(form.shape, np.concatenate((np.zeros(len(OWN_NAMES)), values)), times)


def _whole(page: bytes) -> bytes:
    return page if page.endswith(b"\n") else page + b"\n"


def warm_up() -> None:
    """Compile the kernel, or load it, so that no scrape has to wait for that; this may take seconds."""
    reader = PageReader(LabelRules(), (), FormCache())
    with in_background():
        for value in (b"1", b"2"):
            reader.read(b"warm " + value, openmetrics=False)
