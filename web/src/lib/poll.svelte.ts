const shortest = 2000,
  longest = 10000,
  idle = 15000;

/**
 * Asks again and again while the page is looked at: soon while things move, more seldom while the answers stay the same, and at
 * long intervals when nothing moves any more. `ask` says whether the answer was new; a failed question counts as "no".
 * Call inside a component.
 */
export function poll(moving: () => boolean, ask: () => Promise<boolean>) {
  $effect(() => {
    const moves = moving();
    let wait = shortest,
      timer: ReturnType<typeof setTimeout> | undefined,
      asking = false,
      over = false;
    const later = () => {
      if (!over) timer = setTimeout(round, moves ? wait : idle);
    };
    async function round() {
      clearTimeout(timer);
      if (asking || over || document.visibilityState !== 'visible') return;
      asking = true;
      const fresh = await ask().catch(() => false);
      asking = false;
      wait = fresh ? shortest : Math.min(wait * 1.5, longest);
      later();
    }
    const seen = () => {
      if (document.visibilityState === 'visible') {
        wait = shortest;
        void round();
      }
    };
    document.addEventListener('visibilitychange', seen);
    later();
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  });
}
