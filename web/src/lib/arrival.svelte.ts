// A screen shows itself when its first answers are in, in one piece: parts that come one after the other push each
// other about under the reader's eyes.
import { untrack } from 'svelte';

const patience = 1000; // milliseconds; what is slower than that comes when it comes

class Arrival {
  over = $state(false);
  #turn = 0;
  #waiting = 0;

  /** Another screen is on its way. */
  begin() {
    const turn = ++this.#turn;
    this.#waiting = 0;
    this.over = false;
    setTimeout(() => {
      if (turn === this.#turn) this.over = true;
    }, patience);
    this.#look(turn);
  }
  /** What is asked for before the screen shows is waited for. */
  async with<T>(answer: Promise<T>): Promise<T> {
    if (untrack(() => this.over)) return answer; // who asks does not ask again when it is over
    const turn = this.#turn;
    ++this.#waiting;
    try {
      return await answer;
    } finally {
      if (turn === this.#turn && --this.#waiting === 0) this.#look(turn);
    }
  }
  // A task later: what an answer brings onto the page may have a question of its own.
  #look(turn: number) {
    setTimeout(() => {
      if (turn === this.#turn && this.#waiting === 0) this.over = true;
    });
  }
}
export const arrival = new Arrival();
