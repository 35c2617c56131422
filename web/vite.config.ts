import { svelte } from '@sveltejs/vite-plugin-svelte';
import { parse } from 'svelte/compiler';
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite';

// What asks first is small and does not wait for the frame; the frame's script comes beside it, not after it.
const asksFirst = /src.(main|screens|lib.(actions|address|early|mlflow|request|runaddress))\.ts/;
const frameBeside: Plugin = {
  name: 'frame-beside',
  transformIndexHtml: {
    order: 'post',
    handler(_, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((part) => part.type === 'chunk');
      const entry = chunks.find((chunk) => chunk.isEntry),
        frame = chunks.find((chunk) => chunk.facadeModuleId?.endsWith('src/app.ts'));
      const files = new Set(
        [...(entry?.imports ?? []), ...(frame ? [frame.fileName, ...frame.imports] : [])].filter(
          (file) => file !== entry?.fileName,
        ),
      );
      return [...files].map((file): HtmlTagDescriptor => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
        injectTo: 'head',
      }));
    },
  },
};

// Every text that a template shows passes lib/unseen.ts: {name} becomes {shown(name)}, so that no screen can forget to
// mark characters that are not seen. Attributes that are read out or shown pass it, too; addresses and values stay as
// they are.
const read = new Set(['title', 'aria-label', 'placeholder', 'label']);
const asWritten = new Set(['pre', 'textarea']);
const visible = {
  name: 'visible',
  markup({ content, filename }: { content: string; filename?: string }) {
    if (!filename?.includes('/src/')) return;
    const root = parse(content, { modern: true }),
      edits: { start: number; end: number; text: string }[] = [];
    const wrap = ({ start, end }: { start: number; end: number }) =>
      edits.push({ start, end, text: `shownText(${content.slice(start, end)})` });
    // A line's end that the formatter put into a text is a blank, as it was before.
    const shorten = ({ start, end }: { start: number; end: number }) => {
      const text = content.slice(start, end);
      if (text.includes('\n')) edits.push({ start, end, text: text.replace(/\s*\n\s*/g, ' ') });
    };
    function walk(node: any, inTemplate: boolean, keeps = false): void {
      if (Array.isArray(node)) return node.forEach((one) => walk(one, inTemplate, keeps));
      if (node?.type === 'RegularElement' && asWritten.has(node.name)) keeps = true;
      if (node?.type === 'Text' && inTemplate && !keeps) shorten(node);
      if (node?.type === 'ExpressionTag' && inTemplate) return void wrap(node.expression);
      if (node?.type === 'Attribute' && read.has(node.name) && node.value !== true)
        for (const part of [node.value].flat().filter((one: any) => one.type === 'ExpressionTag')) {
          if (content[node.start] !== '{') wrap(part.expression);
          else edits.push({ start: node.start, end: node.end, text: `${node.name}={shownText(${node.name})}` }); // {title} for title={title}
        }
      for (const key of [
        'fragment',
        'nodes',
        'consequent',
        'alternate',
        'body',
        'fallback',
        'pending',
        'then',
        'catch',
        'attributes',
      ])
        if (node?.[key]) walk(node[key], key !== 'attributes', keeps);
    }
    walk(root.fragment, true);
    if (!edits.length || !root.instance) return;
    const { start } = root.instance.content as unknown as { start: number };
    edits.push({ start, end: start, text: `\n  import { shown as shownText } from '/src/lib/unseen';` });
    const code = edits
      .sort((a, b) => b.start - a.start)
      .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), content);
    return { code };
  },
};

export default defineConfig({
  plugins: [svelte({ preprocess: visible }), frameBeside],
  build: {
    target: 'es2022',
    cssCodeSplit: false, // a few kB: one file, no flash
    assetsInlineLimit: 0,
    modulePreload: false, // what a screen needs beside itself is there
    chunkSizeWarningLimit: 250,
    // What two screens share comes with the frame: starting a request costs a slow machine more than the bytes.
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'shared',
              test: (id: string) => /node_modules.(svelte|clsx)|src.(lib|parts)/.test(id) && !asksFirst.test(id),
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  // `npm run dev` beside a running server
  server: {
    proxy: Object.fromEntries(
      ['/api', '/ajax-api', '/ledger/', '/ready', '/version'].map((path) => [
        path,
        process.env.REGESTA_URL ?? 'http://127.0.0.1:4600',
      ]),
    ),
  },
});
