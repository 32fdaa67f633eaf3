"""Collectors of the node: one a file, registered in ``registry``."""
