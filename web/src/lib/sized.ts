/** An attachment that tells how large its element is. Asking for clientWidth instead would force a layout for each element. */
export function sized(tell: (width: number, height: number) => void) {
  return (element: Element) => {
    const watch = new ResizeObserver(([{ contentRect }]) => tell(contentRect.width, contentRect.height));
    watch.observe(element);
    return () => watch.disconnect();
  };
}
