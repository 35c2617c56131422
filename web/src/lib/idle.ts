/** Does it when the browser has a moment. Safari has no such callback: there it is a little later. */
export const whenIdle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 50));
