"""The seed of tests that draw at random: fixed, so that a change is judged by the change alone. REGESTA_SEED=random draws
another one each time, for nights; a number repeats a run that failed."""

import os
import time


def seed() -> int:
    wanted = os.environ.get("REGESTA_SEED", "7")
    return int(time.time()) if wanted == "random" else int(wanted)
