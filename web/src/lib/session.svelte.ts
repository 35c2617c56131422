import { ApiError, call } from './api';
import type { Me } from './types';

/** Which ways of signing in the server offers, and why the last one through the identity provider failed. */
export interface SignInWays {
  oidc?: { label: string; start: string };
  failure?: string;
}

/** Who has signed in. `known` turns true with the first answer. */
class Session {
  me = $state<Me | undefined>();
  known = $state(false);
  /** After signing out: where the identity provider's own session ends. */
  providerSignOut = $state<string | undefined>();

  async load(ask: () => Promise<Me>) {
    try {
      this.me = await ask();
    } catch (fault) {
      // No response does not mean signed out: retry until the server is back.
      if (!(fault instanceof ApiError) || fault.status !== 401) setTimeout(() => void this.load(ask), 1500);
    } finally {
      if (this.me) this.known = true;
    }
  }
  async begin(credentials: { user: string; password: string } | { token: string }) {
    this.me = await call<Me>('POST', '/api/v1/session', credentials);
  }
  async end(everywhere: boolean) {
    const answer = await call<{ provider_sign_out?: string } | undefined>(
      'DELETE',
      everywhere ? '/api/v1/sessions' : '/api/v1/session',
    );
    this.providerSignOut = answer?.provider_sign_out;
    this.me = undefined;
  }
  /** Whether the person has the right at all, somewhere; the server decides. */
  may(verb: 'write' | 'approve' | 'administer') {
    if (!this.me) return false;
    if (this.me.local) return true;
    return this.me.grants.some(
      ({ role }) =>
        role === 'admin' ||
        (verb === 'write' && role === 'contributor') ||
        (verb === 'approve' && !['reader', 'contributor', 'auditor'].includes(role)),
    );
  }
  holds(role: string) {
    return this.me?.grants.some((grant) => grant.role === role) ?? false;
  }
  /** Whether the user may open incidents and work on them. */
  mayInvestigate() {
    return this.may('write') || this.may('approve') || this.holds('auditor');
  }
}
export const session = new Session();
