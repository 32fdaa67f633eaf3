"""RAID: arrays, their disks and batteries, as the controllers' own programs, zpool and the kernel tell of them."""
