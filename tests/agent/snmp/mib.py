"""A well-behaved agent in memory, and its faults, for tests of what asks it."""

from collections.abc import Mapping, Sequence

from vedette_agent.snmp.ber import decode_arcs
from vedette_agent.snmp.message import (
    END_OF_MIB_VIEW,
    GAUGE32,
    GET_BULK,
    NO_SUCH_NAME,
    RESPONSE,
    TOO_BIG,
    Answer,
    Binding,
    Query,
)


class Mib:
    """Variables by encoded identifier, and answers to what walks ask for.

    Args:
        variables: All of them.
        most: Values that fit into an answer; more are left out, or are too big where ``tells_too_big``.
        is_first_version: Whether the end is an error, as in version 1.
    """

    def __init__(
        self,
        variables: Mapping[bytes, int],
        *,
        most: int = 1000,
        tells_too_big: bool = False,
        is_first_version: bool = False,
    ) -> None:
        self.queries = 0
        self._variables = dict(variables)
        self._order = sorted(variables, key=decode_arcs)
        self._most = most
        self._tells_too_big = tells_too_big
        self._is_first_version = is_first_version

    def answer(self, query: Query) -> Answer:
        self.queries += 1
        found: list[Binding] = []
        at: Sequence[bytes] = query.oids
        for _ in range(max(query.repetitions, 1) if query.kind == GET_BULK else 1):
            row = [self._after(oid) for oid in at]
            found += row
            at = [binding.oid for binding in row]
        if self._is_first_version:
            for place, binding in enumerate(found):
                if binding.is_missing:
                    return Answer(RESPONSE, 0, NO_SUCH_NAME, place + 1, ())
        if len(found) > self._most:
            if self._tells_too_big:
                return Answer(RESPONSE, 0, TOO_BIG, 0, ())
            found = found[: self._most]
        return Answer(RESPONSE, 0, 0, 0, found)

    def _after(self, oid: bytes) -> Binding:
        arcs = decode_arcs(oid)
        for name in self._order:
            if decode_arcs(name) > arcs:
                return Binding(name, GAUGE32, self._variables[name])
        return Binding(oid, END_OF_MIB_VIEW, None)
