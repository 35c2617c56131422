// The parts of a browser's EventSource that the OFREP web provider uses; Node 20 has no EventSource.
export class EventStream {
  static open = 0;
  readyState = 0;
  #listeners = { open: [], message: [], error: [] };
  #stop = new AbortController();

  constructor(url) {
    this.#run(url).catch(() => {});
  }

  addEventListener(name, listener) {
    this.#listeners[name].push(listener);
  }

  close() {
    if (this.readyState === 1) EventStream.open -= 1;
    this.readyState = 2;
    this.#stop.abort();
  }

  async #run(url) {
    const answer = await fetch(url, { signal: this.#stop.signal, headers: { Accept: 'text/event-stream' } });
    if (answer.status !== 200) return this.#tell('error');
    this.readyState = 1;
    EventStream.open += 1;
    this.#tell('open');
    let text = '';
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) this.#dispatch(text.slice(0, end));
    }
  }

  #dispatch(block) {
    const data = block
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice(6));
    if (data.length > 0) this.#tell('message', { data: data.join('\n') });
  }

  #tell(name, event = {}) {
    for (const listener of this.#listeners[name]) listener(event);
  }
}
