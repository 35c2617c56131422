// A page shows what is so a moment after it is so: a check is made again until it holds, or until it has not held for
// long.
import { setTimeout as pause } from 'node:timers/promises';

const longest = 60_000;

/** `check` throws while it does not hold, as assertions do. Not for what must never show: there one look is right. */
export async function eventually(check) {
  for (const end = Date.now() + longest; ; await pause(50)) {
    try {
      return await check();
    } catch (fault) {
      if (Date.now() > end) throw fault;
    }
  }
}
