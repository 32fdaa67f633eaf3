"""What the NFS client tells of each mount, in the order of its lines, see fs/nfs/iostat.h and net/sunrpc."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, GAUGE, Metric

MOUNT_INFO = Metric("node_mountstats_nfs_mountpoint_info", GAUGE, "Info metric for an NFS mountpoint.")
AGE = Metric("node_mountstats_nfs_age_seconds_total", COUNTER, "The age of the NFS mount in seconds.")
BYTES = (
    Metric("node_mountstats_nfs_read_bytes_total", COUNTER, "Number of bytes read using the read() syscall."),
    Metric("node_mountstats_nfs_write_bytes_total", COUNTER, "Number of bytes written using the write() syscall."),
    Metric(
        "node_mountstats_nfs_direct_read_bytes_total",
        COUNTER,
        "Number of bytes read using the read() syscall in O_DIRECT mode.",
    ),
    Metric(
        "node_mountstats_nfs_direct_write_bytes_total",
        COUNTER,
        "Number of bytes written using the write() syscall in O_DIRECT mode.",
    ),
    Metric(
        "node_mountstats_nfs_total_read_bytes_total", COUNTER, "Number of bytes read from the NFS server, in total."
    ),
    Metric(
        "node_mountstats_nfs_total_write_bytes_total", COUNTER, "Number of bytes written to the NFS server, in total."
    ),
    Metric("node_mountstats_nfs_read_pages_total", COUNTER, "Number of pages read directly via mmap()'d files."),
    Metric("node_mountstats_nfs_write_pages_total", COUNTER, "Number of pages written directly via mmap()'d files."),
)
EVENTS = (
    Metric(
        "node_mountstats_nfs_event_inode_revalidate_total",
        COUNTER,
        "Number of times cached inode attributes are re-validated from the server.",
    ),
    Metric(
        "node_mountstats_nfs_event_dnode_revalidate_total",
        COUNTER,
        "Number of times cached dentry nodes are re-validated from the server.",
    ),
    Metric("node_mountstats_nfs_event_data_invalidate_total", COUNTER, "Number of times an inode cache is cleared."),
    Metric(
        "node_mountstats_nfs_event_attribute_invalidate_total",
        COUNTER,
        "Number of times cached inode attributes are invalidated.",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_open_total", COUNTER, "Number of times cached inode attributes are invalidated."
    ),
    Metric("node_mountstats_nfs_event_vfs_lookup_total", COUNTER, "Number of times a directory lookup has occurred."),
    Metric("node_mountstats_nfs_event_vfs_access_total", COUNTER, "Number of times permissions have been checked."),
    Metric(
        "node_mountstats_nfs_event_vfs_update_page_total", COUNTER, "Number of updates (and potential writes) to pages."
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_read_page_total", COUNTER, "Number of pages read directly via mmap()'d files."
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_read_pages_total", COUNTER, "Number of times a group of pages have been read."
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_write_page_total",
        COUNTER,
        "Number of pages written directly via mmap()'d files.",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_write_pages_total",
        COUNTER,
        "Number of times a group of pages have been written.",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_getdents_total",
        COUNTER,
        "Number of times directory entries have been read with getdents().",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_setattr_total",
        COUNTER,
        "Number of times directory entries have been read with getdents().",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_flush_total",
        COUNTER,
        "Number of pending writes that have been forcefully flushed to the server.",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_fsync_total",
        COUNTER,
        "Number of times fsync() has been called on directories and files.",
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_lock_total", COUNTER, "Number of times locking has been attempted on a file."
    ),
    Metric(
        "node_mountstats_nfs_event_vfs_file_release_total",
        COUNTER,
        "Number of times files have been closed and released.",
    ),
    None,
    Metric("node_mountstats_nfs_event_truncation_total", COUNTER, "Number of times files have been truncated."),
    Metric(
        "node_mountstats_nfs_event_write_extension_total",
        COUNTER,
        "Number of times a file has been grown due to writes beyond its existing end.",
    ),
    Metric(
        "node_mountstats_nfs_event_silly_rename_total",
        COUNTER,
        "Number of times a file was removed while still open by another process.",
    ),
    Metric(
        "node_mountstats_nfs_event_short_read_total",
        COUNTER,
        "Number of times the NFS server gave less data than expected while reading.",
    ),
    Metric(
        "node_mountstats_nfs_event_short_write_total",
        COUNTER,
        "Number of times the NFS server wrote less data than expected while writing.",
    ),
    Metric(
        "node_mountstats_nfs_event_jukebox_delay_total",
        COUNTER,
        "Number of times the NFS server indicated EJUKEBOX; retrieving data from offline storage.",
    ),
    Metric("node_mountstats_nfs_event_pnfs_read_total", COUNTER, "Number of NFS v4.1+ pNFS reads."),
    Metric("node_mountstats_nfs_event_pnfs_write_total", COUNTER, "Number of NFS v4.1+ pNFS writes."),
)
"""Those that no series tells of are none."""
OPERATIONS = (
    Metric(
        "node_mountstats_nfs_operations_requests_total", COUNTER, "Number of requests performed for a given operation."
    ),
    Metric(
        "node_mountstats_nfs_operations_transmissions_total",
        COUNTER,
        "Number of times an actual RPC request has been transmitted for a given operation.",
    ),
    Metric(
        "node_mountstats_nfs_operations_major_timeouts_total",
        COUNTER,
        "Number of times a request has had a major timeout for a given operation.",
    ),
    Metric(
        "node_mountstats_nfs_operations_sent_bytes_total",
        COUNTER,
        "Number of bytes sent for a given operation, including RPC headers and payload.",
    ),
    Metric(
        "node_mountstats_nfs_operations_received_bytes_total",
        COUNTER,
        "Number of bytes received for a given operation, including RPC headers and payload.",
    ),
    Metric(
        "node_mountstats_nfs_operations_queue_time_seconds_total",
        COUNTER,
        "Duration all requests spent queued for transmission for a given operation before they were sent, in seconds.",
    ),
    Metric(
        "node_mountstats_nfs_operations_response_time_seconds_total",
        COUNTER,
        "Duration all requests took to get a reply back after a request for a given operation was "
        "transmitted, in seconds.",
    ),
    Metric(
        "node_mountstats_nfs_operations_request_time_seconds_total",
        COUNTER,
        "Duration all requests took from when a request was enqueued to when it was completely "
        "handled for a given operation, in seconds.",
    ),
)
TRANSPORT = {
    "bind_total": Metric(
        "node_mountstats_nfs_transport_bind_total",
        COUNTER,
        "Number of times the client has had to establish a connection from scratch to the NFS server.",
    ),
    "connect_total": Metric(
        "node_mountstats_nfs_transport_connect_total",
        COUNTER,
        "Number of times the client has made a TCP connection to the NFS server.",
    ),
    "idle_time_seconds": Metric(
        "node_mountstats_nfs_transport_idle_time_seconds",
        GAUGE,
        "Duration since the NFS mount last saw any RPC traffic, in seconds.",
    ),
    "sends_total": Metric(
        "node_mountstats_nfs_transport_sends_total",
        COUNTER,
        "Number of RPC requests for this mount sent to the NFS server.",
    ),
    "receives_total": Metric(
        "node_mountstats_nfs_transport_receives_total",
        COUNTER,
        "Number of RPC responses for this mount received from the NFS server.",
    ),
    "bad_transaction_ids_total": Metric(
        "node_mountstats_nfs_transport_bad_transaction_ids_total",
        COUNTER,
        "Number of times the NFS server sent a response with a transaction ID unknown to this client.",
    ),
    "backlog_queue_total": Metric(
        "node_mountstats_nfs_transport_backlog_queue_total",
        COUNTER,
        "Total number of items added to the RPC backlog queue.",
    ),
    "maximum_rpc_slots": Metric(
        "node_mountstats_nfs_transport_maximum_rpc_slots",
        GAUGE,
        "Maximum number of simultaneously active RPC requests ever used.",
    ),
    "sending_queue_total": Metric(
        "node_mountstats_nfs_transport_sending_queue_total",
        COUNTER,
        "Total number of items added to the RPC transmission sending queue.",
    ),
    "pending_queue_total": Metric(
        "node_mountstats_nfs_transport_pending_queue_total",
        COUNTER,
        "Total number of items added to the RPC transmission pending queue.",
    ),
}
TRANSPORT_COLUMNS = {
    "tcp": (
        "",
        "bind_total",
        "connect_total",
        "",
        "idle_time_seconds",
        "sends_total",
        "receives_total",
        "bad_transaction_ids_total",
        "",
        "backlog_queue_total",
        "maximum_rpc_slots",
        "sending_queue_total",
        "pending_queue_total",
    ),
    "udp": (
        "",
        "bind_total",
        "sends_total",
        "receives_total",
        "bad_transaction_ids_total",
        "",
        "backlog_queue_total",
        "maximum_rpc_slots",
        "sending_queue_total",
        "pending_queue_total",
    ),
    "rdma": (
        "",
        "bind_total",
        "connect_total",
        "",
        "idle_time_seconds",
        "sends_total",
        "receives_total",
        "bad_transaction_ids_total",
        "",
        "backlog_queue_total",
    ),
}
"""The columns of a line ``xprt`` after the protocol; those that no series tells of are empty."""
NOT_OF_UDP = ("connect_total", "idle_time_seconds")
