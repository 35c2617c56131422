/**
 * An attachment that tells how large its element is, once it is there to be seen. Asking for clientWidth instead would force a
 * layout for each element.
 */
export function sized(tell: (width: number, height: number) => void) {
  return (element: Element) => {
    const watch = new ResizeObserver(
      ([
        {
          contentRect: { width, height },
        },
      ]) => {
        if (width || height) tell(width, height);
      },
    );
    watch.observe(element);
    return () => watch.disconnect();
  };
}
