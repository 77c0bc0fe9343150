/** Serves a built site on a loopback port as a good web server would: compressed, and with cache headers. */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.yaml': 'text/yaml; charset=utf-8',
  '.vtt': 'text/vtt; charset=utf-8',
  '.webm': 'video/webm',
  '.mp4': 'video/mp4',
  '.webp': 'image/webp',
  '.cast': 'text/plain; charset=utf-8',
};
const COMPRESSED = /text|javascript|json|svg|xml/;

/** Compressed once, as on a real server. */
const ready = new Map();

function read(file) {
  if (!ready.has(file)) {
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    const bytes = fs.readFileSync(file);
    const zipped = COMPRESSED.test(type) ? zlib.gzipSync(bytes) : undefined;
    ready.set(file, {type, bytes, zipped});
  }
  return ready.get(file);
}

function fileOf(root, url) {
  const file = path.join(root, path.normalize(decodeURIComponent(new URL(url, 'http://x').pathname)));
  if (!file.startsWith(root)) return undefined;
  const index = path.join(file, 'index.html');
  return fs.existsSync(index) ? index : fs.existsSync(file) && fs.statSync(file).isFile() ? file : undefined;
}

/** Starts the server; the result has its `origin`, and `close()`. */
export async function serve(build) {
  const root = path.resolve(build);
  const server = http.createServer((request, response) => {
    const found = fileOf(root, request.url);
    const {type, bytes, zipped} = read(found ?? path.join(root, '404.html'));
    const zip = zipped && /gzip/.test(request.headers['accept-encoding'] ?? '');
    response.writeHead(found ? 200 : 404, {
      'content-type': type,
      'cache-control': /\/assets\//.test(request.url) ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(zip ? {'content-encoding': 'gzip', vary: 'accept-encoding'} : {}),
    });
    response.end(zip ? zipped : bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close()};
}
