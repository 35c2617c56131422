-- Who an identity provider vouches for. issuer and subject are the person, whatever name the provider gives them; an empty
-- subject waits for the first sign-in under the user's name. The ledger has the link's fingerprint.
CREATE TABLE user_link (
  user_account BIGINT NOT NULL PRIMARY KEY REFERENCES user_account (id), issuer TEXT NOT NULL, subject TEXT NOT NULL
) $CLUSTERED;
CREATE INDEX user_link_subject ON user_link (issuer, subject);
-- Sign-ins at the provider that were answered: each counts once. Until when: after that its cookie is too old anyway.
CREATE TABLE finished_sign_in (id TEXT NOT NULL PRIMARY KEY, expires_at BIGINT NOT NULL) $CLUSTERED;
CREATE INDEX finished_sign_in_expiry ON finished_sign_in (expires_at);
-- How a session began: '' with a password or token, 'oidc'.
ALTER TABLE session ADD COLUMN via TEXT NOT NULL DEFAULT '';
