-- Signed calls of a connected program about what people did there (src/connect/incoming.h). event: what makes it unique;
-- stamp, signature, body: as they came, because the signature is verified again when the event is used.
CREATE TABLE connection_event (
  id $ID, connection BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE, event TEXT NOT NULL,
  ticket TEXT NOT NULL, stamp TEXT NOT NULL, signature TEXT NOT NULL, body TEXT NOT NULL, received_at BIGINT NOT NULL,
  UNIQUE (connection, event)
);
CREATE INDEX connection_event_ticket ON connection_event (connection, ticket);
-- What a person wants to be told of by e-mail (src/automation/subscription.h). person: name of the user; events, patterns: JSON
-- lists; every: now, hourly or daily; confirmation: digest of the code that was sent to the address, empty: confirmed.
CREATE TABLE subscription (
  id $ID, workspace TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, events TEXT NOT NULL,
  patterns TEXT NOT NULL, every TEXT NOT NULL, confirmation TEXT NOT NULL, set_at BIGINT NOT NULL,
  UNIQUE (workspace, person, name)
);
-- What is to be sent, and was. entry: index in the ledger; about: the change request whose review was asked for, empty: none;
-- sent_at: 0: not yet, -1: given up.
CREATE TABLE notification (
  id $ID, subscription BIGINT NOT NULL REFERENCES subscription (id) ON DELETE CASCADE, entry BIGINT NOT NULL,
  about TEXT NOT NULL, text TEXT NOT NULL, due_at BIGINT NOT NULL, attempts BIGINT NOT NULL, problem TEXT NOT NULL,
  sent_at BIGINT NOT NULL, UNIQUE (subscription, entry)
);
CREATE INDEX notification_due ON notification (sent_at, due_at);
-- Up to which entry of the ledger subscriptions have been served.
CREATE TABLE notification_cursor (id $ID, position BIGINT NOT NULL);
