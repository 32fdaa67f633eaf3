"""SNMP: devices of the network, asked by this agent.

``ber``, ``message``, ``usm``, ``session`` and ``walk`` are free of I/O; ``client`` sends and waits; ``families`` makes
metrics of what came.
"""
