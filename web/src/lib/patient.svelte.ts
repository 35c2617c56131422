// A screen's script that did not come, because the server was away: it is asked for until it comes.
let waiting = $state(0);
export const missing = {
  get waiting() {
    return waiting > 0;
  },
};
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const answers = () =>
  fetch('/ready', { cache: 'no-store' })
    .then(({ ok }) => ok)
    .catch(() => false);
const once = 'reloaded-for-script';

/** `wanted`: whether it is still the screen to show. Fails only when the server is there and its script is not. */
export async function patiently<T>(load: () => Promise<T>, wanted: () => boolean): Promise<T> {
  try {
    return await load();
  } catch (fault) {
    ++waiting;
    try {
      for (let wait = 500; ; wait = Math.min(wait * 1.5, 4000)) {
        await pause(wait);
        if (!wanted()) throw fault;
        if (!(await answers())) continue;
        const again = await load().catch(() => undefined);
        if (again !== undefined) return again;
        // The browser may have cached the failure, or the server has another version: reload the page, once.
        if (Date.now() - Number(sessionStorage.getItem(once)) < 60_000) throw fault;
        sessionStorage.setItem(once, String(Date.now()));
        location.reload();
        await pause(10_000);
      }
    } finally {
      --waiting;
    }
  }
}
