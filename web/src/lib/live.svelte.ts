// The change feed: screens load again when something they show has changed. Without it (server away, signed out) the
// last data stays and a quiet banner says so.
import { followed } from './actions';
import { forget, send } from './request';

interface Change {
  subject: string;
  action: string;
}
type Listener = (change: Change) => void;

const listeners = new Set<Listener>();
let online = $state(true);
let source: EventSource | undefined;

export const live = {
  get online() {
    return online;
  },
  on(listener: Listener) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

export function follow() {
  source?.close();
  source = new EventSource('/api/v1/changes');
  source.onopen = () => {
    if (!online) for (const listener of listeners) listener({ subject: '', action: 'reconnected' });
    online = true;
  };
  source.onerror = () => {
    // A connection that was lost is tried again by the browser itself. A refusal closes it: by the person's rights, or
    // by what stands before a server that is away.
    if (source?.readyState !== EventSource.CLOSED) online = false;
    else
      void send('GET', '/api/v1/users/me')
        .then(({ ok }) => ok)
        .catch(() => false)
        .then((here) => {
          online = here;
          if (!here)
            setTimeout(() => {
              if (source) follow();
            }, 5000);
        });
  };
  const told = (event: MessageEvent) => {
    forget(); // what was asked before is older than this
    let entry: any;
    try {
      entry = JSON.parse(event.data);
    } catch {
      return;
    }
    const body = entry.body ?? entry;
    for (const listener of listeners) listener({ subject: body.subject ?? '', action: body.action ?? '' });
  };
  source.onmessage = told;
  // Events carry the action as their type, so every type that a screen follows is named here.
  for (const action of followed) source.addEventListener(action, told as EventListener);
}
export function unfollow() {
  source?.close();
  source = undefined;
}
