-- What people say to each other about a change request. Times are milliseconds. The ledger has the digest of each text.
CREATE TABLE change_request_comment (
  id $ID, change_request BIGINT NOT NULL REFERENCES change_request (id), actor TEXT NOT NULL, body TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX change_request_comment_order ON change_request_comment (change_request, id);
