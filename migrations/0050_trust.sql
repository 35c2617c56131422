-- Tokens without a secret: CI jobs sign in with an ID token of an issuer (src/access/workload.h). trust: canonical JSON of
-- issuer, audience, claims and how long a sign-in lasts; '' for tokens with a secret.
ALTER TABLE service_token ADD COLUMN trust TEXT NOT NULL DEFAULT '';
