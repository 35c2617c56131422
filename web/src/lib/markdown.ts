// Cards and prompts are written by strangers: HTML is off, links open nothing of ours, images load from this origin
// only, and what is left passes DOMPurify into a Trusted Types policy.
import DOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';
import { hides, piecesOf, shown } from './unseen';

const markdown = new MarkdownIt({ html: false, linkify: false });
// The page has its one heading already: a card's begin a level lower.
markdown.core.ruler.push('lower', (state) => {
  for (const token of state.tokens) if (/^h[1-5]$/.test(token.tag)) token.tag = `h${Number(token.tag[1]) + 1}`;
});
const policy = (globalThis as any).trustedTypes?.createPolicy('regesta', { createHTML: (html: string) => html });
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') node.setAttribute('rel', 'noopener noreferrer nofollow');
  if (node.tagName === 'IMG' && !/^\/(?!\/)/.test(node.getAttribute('src') ?? '')) node.remove();
});

/** Does what parts/Text.svelte does for a template's text. */
function markUnseen(element: HTMLElement) {
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT),
    texts: Text[] = [];
  while (walk.nextNode()) if (hides((walk.currentNode as Text).data)) texts.push(walk.currentNode as Text);
  for (const text of texts)
    text.replaceWith(
      ...piecesOf(text.data).map((piece) => {
        if (typeof piece === 'string') return piece;
        const label = document.createElement('span');
        label.className = 'unseen';
        label.title = piece.name;
        label.textContent = piece.code;
        return label;
      }),
    );
  for (const marked of element.querySelectorAll('[title], [alt]'))
    for (const name of ['title', 'alt'])
      if (marked.hasAttribute(name) && !marked.matches('.unseen'))
        marked.setAttribute(name, shown(marked.getAttribute(name)));
}

export function renderInto(element: HTMLElement, text: string) {
  const clean = DOMPurify.sanitize(markdown.render(text), {
    FORBID_TAGS: ['style', 'form', 'input', 'svg', 'math'],
    FORBID_ATTR: ['style', 'id'],
  });
  element.innerHTML = policy ? policy.createHTML(clean) : clean;
  markUnseen(element);
}
