/** Does it when the typing pauses, so that not every letter is a question to the server. */
export function typed(then: (text: string) => void, pause = 200) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => then(text), pause);
  };
}
