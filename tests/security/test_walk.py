"""A short run of walk.py; `make walk` takes a million steps."""

import os
import random

import walk


def test_no_protected_alias_serves_what_the_policy_does_not_allow():
    seed = int(os.environ.get("WALK_SEED", random.randrange(10**9)))
    print(f"seed {seed}")  # shown when it fails; WALK_SEED repeats the run
    walk.run(4000, seed)
