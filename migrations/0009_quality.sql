-- What the reports of one hour say about a version: {"count","mean","squares","least","most","last","buckets"}, see
-- src/delivery/summary.h. Times are milliseconds, hour counts them from 1970.
CREATE TABLE report_summary (
  asset BIGINT NOT NULL REFERENCES asset (id) ON DELETE CASCADE, number BIGINT NOT NULL, metric TEXT NOT NULL,
  hour BIGINT NOT NULL, summary TEXT NOT NULL, PRIMARY KEY (asset, number, metric, hour)
) $CLUSTERED;

-- Webhooks. The committed ledger is the outbox: cursor is the index of the next entry to look at. Times are
-- milliseconds; actions is a JSON list of patterns.
CREATE TABLE webhook (
  id $ID, workspace TEXT NOT NULL, url TEXT NOT NULL, description TEXT NOT NULL, actions TEXT NOT NULL,
  names TEXT NOT NULL, secret TEXT NOT NULL, active BIGINT NOT NULL, cursor BIGINT NOT NULL,
  attempts BIGINT NOT NULL,  -- failed ones of the entry at the cursor
  next_at BIGINT NOT NULL,   -- not before
  problem TEXT NOT NULL,     -- why the newest attempt failed; empty: it did not
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL
);
CREATE TABLE webhook_delivery (
  id $ID, webhook BIGINT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE, idx BIGINT NOT NULL, action TEXT NOT NULL,
  attempt BIGINT NOT NULL, status BIGINT NOT NULL, problem TEXT NOT NULL, millis BIGINT NOT NULL, at BIGINT NOT NULL
);
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook, id);

-- Work that one server of a database does at a time: who does it, and until when nobody else may.
CREATE TABLE server_lease (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL) $CLUSTERED;
