-- A binding can name an external OPA instead of a policy: its URL and the path of the document that decides.
ALTER TABLE binding ADD COLUMN opa_url TEXT NOT NULL DEFAULT '';
ALTER TABLE binding ADD COLUMN opa_path TEXT NOT NULL DEFAULT '';
