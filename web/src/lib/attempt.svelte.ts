import type { ApiError } from './api';

/** Runs one action at a time and keeps its error. Create one per component and show `error` near the button. */
export class Attempt {
  busy = $state(false);
  error = $state<ApiError | undefined>();

  /** True when it worked. */
  async run(what: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.error = undefined;
    try {
      await what();
      return true;
    } catch (fault) {
      this.error = fault as ApiError;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
