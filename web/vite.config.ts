import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', cssCodeSplit: false, /* a few kB: one file, no flash */ assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 250 },
  // `npm run dev` beside a running server
  server: { proxy: Object.fromEntries(['/api', '/ajax-api', '/ledger/', '/ready', '/version'].map((path) => [path, process.env.REGESTA_URL ?? 'http://127.0.0.1:4600'])) },
});
