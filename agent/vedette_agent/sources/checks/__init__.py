"""Checks that scripts and plugins of the host make themselves: Check_MK local checks, MRPE, Nagios plugins."""
