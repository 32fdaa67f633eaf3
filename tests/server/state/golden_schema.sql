CREATE TABLE hosts (
    host TEXT PRIMARY KEY, state INTEGER NOT NULL, hard_state INTEGER NOT NULL, attempt INTEGER NOT NULL,
    since INTEGER NOT NULL, problem_since INTEGER NOT NULL, seen INTEGER NOT NULL, notified INTEGER NOT NULL,
    judged INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE services (
    host TEXT NOT NULL, check_name TEXT NOT NULL, item TEXT NOT NULL, state INTEGER NOT NULL,
    hard_state INTEGER NOT NULL, attempt INTEGER NOT NULL, since INTEGER NOT NULL, problem_since INTEGER NOT NULL,
    last_check INTEGER NOT NULL, missing_since INTEGER NOT NULL, notified INTEGER NOT NULL, value REAL,
    PRIMARY KEY (host, check_name, item)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL, check_name TEXT NOT NULL,
    previous TEXT NOT NULL, state TEXT NOT NULL, hard INTEGER NOT NULL, attempt INTEGER NOT NULL, value REAL,
    summary TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (time);
CREATE INDEX events_by_host ON events (host, time);
CREATE TABLE notifications (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, method TEXT NOT NULL, subject TEXT NOT NULL,
    created INTEGER NOT NULL, payload BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '', outcome TEXT, finished INTEGER
);
CREATE INDEX notifications_open ON notifications (sequence) WHERE outcome IS NULL;
CREATE INDEX notifications_finished ON notifications (finished) WHERE outcome IS NOT NULL;
CREATE TABLE told (
    method TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (method, subject)
) WITHOUT ROWID;

CREATE TABLE fleet_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, key TEXT NOT NULL, received INTEGER NOT NULL,
    time INTEGER NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL, severity INTEGER NOT NULL, text TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE UNIQUE INDEX fleet_events_by_key ON fleet_events (agent, key);
CREATE INDEX fleet_events_by_time ON fleet_events (time, id);
CREATE INDEX fleet_events_by_host ON fleet_events (host, time, id);
