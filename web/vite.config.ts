import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite';

// What asks first is small and does not wait for the frame; the frame's script comes beside it, not after it.
const asksFirst = /src.(main|screens|lib.(address|early|mlflow|request|runaddress))\.ts/;
const frameBeside: Plugin = {
  name: 'frame-beside',
  transformIndexHtml: {
    order: 'post',
    handler(_, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((part) => part.type === 'chunk');
      const entry = chunks.find((chunk) => chunk.isEntry), frame = chunks.find((chunk) => chunk.facadeModuleId?.endsWith('src/app.ts'));
      const files = new Set([...(entry?.imports ?? []), ...(frame ? [frame.fileName, ...frame.imports] : [])].filter((file) => file !== entry?.fileName));
      return [...files].map((file): HtmlTagDescriptor => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` }, injectTo: 'head' }));
    },
  },
};

export default defineConfig({
  plugins: [svelte(), frameBeside],
  build: {
    target: 'es2022', cssCodeSplit: false, /* a few kB: one file, no flash */ assetsInlineLimit: 0, modulePreload: false /* what a screen needs beside itself is there */, chunkSizeWarningLimit: 250,
    // What two screens share comes with the frame: starting a request costs a slow machine more than the bytes.
    rolldownOptions: { output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'shared', test: (id: string) => /node_modules.(svelte|clsx)|src.(lib|parts)/.test(id) && !asksFirst.test(id), minShareCount: 2 }] } } },
  },
  // `npm run dev` beside a running server
  server: { proxy: Object.fromEntries(['/api', '/ajax-api', '/ledger/', '/ready', '/version'].map((path) => [path, process.env.REGESTA_URL ?? 'http://127.0.0.1:4600'])) },
});
