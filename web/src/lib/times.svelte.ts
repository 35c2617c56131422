// Whether times are shown as dates or as how long ago: one switch for every screen, which this browser remembers.
const key = 'times.exact';
function kept() {
  try {
    return localStorage.getItem(key) === '1';
  } catch {
    return false;
  }
}
let exact = $state(kept());
export const times = {
  get exact() {
    return exact;
  },
  set exact(next: boolean) {
    exact = next;
    try {
      localStorage.setItem(key, next ? '1' : '');
    } catch {
      /* this page knows */
    }
  },
};
