-- Connections to programs in which people review change requests (src/connect/). settings, users: JSON objects; secret:
-- encrypted; state: new, connected, unreachable, limited, unauthorized, refused. Times are milliseconds.
CREATE TABLE connection (
  id $ID, workspace TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, url TEXT NOT NULL, settings TEXT NOT NULL,
  users TEXT NOT NULL, secret TEXT NOT NULL, active BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL, attempts BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL, connected_at BIGINT NOT NULL, UNIQUE (workspace, name)
);
-- The ticket of a change request. ticket: its permanent id; shown_at: by the other program's clock, since when it shows
-- shown_decision; revision: of the ticket when it was read last.
CREATE TABLE change_request_link (
  id $ID, connection BIGINT NOT NULL REFERENCES connection (id), change_request BIGINT NOT NULL, ticket TEXT NOT NULL,
  ticket_key TEXT NOT NULL, url TEXT NOT NULL, linked_at BIGINT NOT NULL, shown_decision TEXT NOT NULL,
  shown_at BIGINT NOT NULL, revision TEXT NOT NULL, looked_at BIGINT NOT NULL, next_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL, problem TEXT NOT NULL, finished BIGINT NOT NULL, UNIQUE (connection, change_request)
);
CREATE INDEX change_request_link_request ON change_request_link (change_request);
CREATE INDEX change_request_link_open ON change_request_link (connection, finished, next_at);
-- What has been exchanged: each happens once. connection: its name, because a connection that is made again goes on;
-- note: why a review did not count.
CREATE TABLE connection_mark (
  change_request BIGINT NOT NULL, connection TEXT NOT NULL, mark TEXT NOT NULL, note TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (change_request, connection, mark)
);
