/// <reference types="node" />
/** How the page is served while it is worked on, built and tested. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

import manifest from './package.json' with { type: 'json' };

/** The frontend server: it knows the way to the gateway, the traces and the OTLP receiver. */
const frontendServer = 'http://127.0.0.1:3001';

/** Writes a Brotli and a gzip file beside each built file; the frontend server chooses by the request. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    writeBundle({ dir = 'dist' }, bundle) {
      for (const name of Object.keys(bundle)) {
        const file = join(dir, name);
        const content = readFileSync(file);
        // Both at their strongest (Brotli's default): they are made once and sent often.
        const encoded = { br: brotliCompressSync(content), gz: gzipSync(content, { level: 9 }) };
        for (const [extension, bytes] of Object.entries(encoded)) {
          if (bytes.length < content.length) writeFileSync(`${file}.${extension}`, bytes);
        }
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  define: { __APP_VERSION__: JSON.stringify(manifest.version) },
  build: {
    // Every asset is a file of its own, with a hash in its name: it can be cached for good.
    assetsInlineLimit: 0,
    // Browsers that lack `modulepreload` load the same chunks a moment later.
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/traces/', '/logs/', '/system/', '/otlp', '/config.json'].map((path) => [
        path,
        {
          target: frontendServer,
          // `/traces/{id}` is data for `fetch`, and a page for the address bar.
          bypass: (request: { headers: { accept?: string | undefined }; url?: string | undefined }) =>
            request.headers.accept?.includes('text/html') === true ? '/index.html' : undefined,
        },
      ]),
    ),
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
