-- Open requests are looked for every second, whatever their asset is; closed ones stay in the table.
CREATE INDEX change_request_open ON change_request (id) WHERE status = 'open';
