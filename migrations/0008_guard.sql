-- What the guards of a rollout have seen, a row a guard and arm: src/delivery/guard_state.h says what the numbers are.
CREATE TABLE guard_state (
  rollout BIGINT NOT NULL REFERENCES rollout (id) ON DELETE CASCADE, guard TEXT NOT NULL, arm TEXT NOT NULL,
  state TEXT NOT NULL, PRIMARY KEY (rollout, guard, arm)
) $CLUSTERED;
-- When a guard first and last counted a user's reports, for as long as the rollout runs.
CREATE TABLE guard_unit (
  rollout BIGINT NOT NULL REFERENCES rollout (id) ON DELETE CASCADE, guard TEXT NOT NULL, unit TEXT NOT NULL,
  first_at BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (rollout, guard, unit)
) $CLUSTERED;
