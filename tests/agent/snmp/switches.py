"""Recordings of switches that do not exist, for snmpsim."""

IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IF_X_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
UP_TIME_TICKS = 123_456
HIGH_COUNTER = 10**12


def port_columns(port: int) -> list[tuple[tuple[int, ...], str, str]]:
    """The columns of one port: identifier below the index, type tag of snmpsim, value. Every tenth port is down."""
    state = 1 if port % 10 else 2
    basic = [
        (1, "2", port), (2, "4", f"Ethernet1/{port}"), (3, "2", 6), (4, "2", 9000), (5, "66", 2**32 - 1),
        (6, "4x", f"0200000000{port & 255:02x}"), (7, "2", 1), (8, "2", state), (9, "67", 100),
        (10, "65:numeric", f"rate={1000 * port},initial={1000 * port}"), (11, "65:numeric", "rate=100"),
        (12, "65", 0), (13, "65", 0), (14, "65", port % 3), (15, "65", 0),
        (16, "65:numeric", f"rate={500 * port}"), (17, "65:numeric", "rate=90"),
        (18, "65", 0), (19, "65", 0), (20, "65", 0), (21, "66", 0), (22, "6", "0.0"),
    ]  # fmt: skip
    extended = [
        (1, "4", f"Eth1/{port}"), (2, "65", 5), (3, "65", 6), (4, "65", 7), (5, "65", 8),
        (6, "70:numeric", f"rate={125_000 * port},initial={HIGH_COUNTER + port}"), (7, "70:numeric", "rate=1000"),
        (8, "70", 0), (9, "70", 0), (10, "70:numeric", f"rate={62_500 * port}"), (11, "70:numeric", "rate=900"),
        (12, "70", 0), (13, "70", 0), (14, "2", 1), (15, "66", 100_000), (16, "2", 2), (17, "2", 1),
        (18, "4", f"to host{port}"), (19, "67", 0),
    ]  # fmt: skip
    rows = [((*IF_ENTRY, column, port), tag, str(value)) for column, tag, value in basic]
    return rows + [((*IF_X_ENTRY, column, port), tag, str(value)) for column, tag, value in extended]


def switch(ports: int) -> str:
    """A switch with ports numbered from 1, as a .snmprec file."""
    rows = [
        ((1, 3, 6, 1, 2, 1, 1, 1, 0), "4", f"A switch of {ports} ports"),
        ((1, 3, 6, 1, 2, 1, 1, 3, 0), "67", str(UP_TIME_TICKS)),
        ((1, 3, 6, 1, 2, 1, 1, 5, 0), "4", "sw1"),
        ((1, 3, 6, 1, 2, 1, 2, 1, 0), "2", str(ports)),
    ]
    for port in range(1, ports + 1):
        rows += port_columns(port)
    return recording(rows)


def recording(rows: list[tuple[tuple[int, ...], str, str]]) -> str:
    """Rows in the order of SNMP, as snmpsim reads them."""
    return "".join(f"{'.'.join(map(str, oid))}|{tag}|{value}\n" for oid, tag, value in sorted(rows))
