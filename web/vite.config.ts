import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022', cssCodeSplit: false, /* a few kB: one file, no flash */ assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 250,
    // What many screens share comes with the frame: starting a request costs a slow machine more than the bytes.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', test: /node_modules.svelte|src.(lib|parts)/, minShareCount: 4 }] } } },
  },
  // `npm run dev` beside a running server
  server: { proxy: Object.fromEntries(['/api', '/ajax-api', '/ledger/', '/ready', '/version'].map((path) => [path, process.env.REGESTA_URL ?? 'http://127.0.0.1:4600'])) },
});
