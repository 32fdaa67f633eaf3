"""Redfish: what a BMC tells over HTTPS, as the same values that IPMI gives, and the health of the machine's parts."""
