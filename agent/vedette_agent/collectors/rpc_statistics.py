"""Parses ``/proc/net/rpc/nfs`` and ``nfsd``: lines of a name and numbers, and the names of the procedures."""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PROCEDURES_V2 = _names("""
    Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir
    ReadDir FsStat
""")
PROCEDURES_V3 = _names("""
    Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link
    ReadDir ReadDirPlus FsStat FsInfo PathConf Commit
""")
CLIENT_PROCEDURES_V4 = _names("""
    Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID
    SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create
    Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo
    FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo
    LayoutGet LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession
    DestroyClientID Seek Allocate DeAllocate LayoutStats Clone
""")
SERVER_OPERATIONS_V4 = _names("""
    Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot
    Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH
    SaveFH SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner
""")
"""From the operation 3 on; those that no series tells of are a dash."""
FIRST_SERVER_OPERATION = 3


def parse_rpc(text: str) -> dict[str, list[float]]:
    """Return the numbers of each line under the line's name. Lines of procedures lose their count of procedures.

    Raises:
        ValueError: a field is not a number.
    """
    lines = {}
    for line in text.splitlines():
        name, *fields = line.split()
        numbers = [float(field) for field in fields]
        lines[name] = numbers[1:] if name.startswith("proc") else numbers
    return lines
