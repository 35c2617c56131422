/** For what may be wider than the page: while it is, the keyboard reaches it and can scroll it, too. */
export function scrolls(box: HTMLElement) {
  const look = () => {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute('role', 'group');
      box.setAttribute('aria-label', 'scrolls sideways');
    } else for (const name of ['tabindex', 'role', 'aria-label']) box.removeAttribute(name);
  };
  const observer = new ResizeObserver(look);
  observer.observe(box);
  for (const child of box.children) observer.observe(child);
  return () => observer.disconnect();
}
