/** Where the built site is, and which pages it has. */

import fs from 'node:fs';
import path from 'node:path';

/** The built site: the argument after `--build`, HANDBOOK_BUILD, or website/build. */
export function buildFolder(argv = process.argv) {
  const at = argv.indexOf('--build');
  const folder = path.resolve(
    at > 0 ? argv[at + 1] : (process.env.HANDBOOK_BUILD ?? path.join(import.meta.dirname, '../../build')),
  );
  if (!fs.existsSync(path.join(folder, 'index.html'))) {
    throw new Error(`There is no built site in ${folder}; run \`make docs-build\` first.`);
  }
  return folder;
}

const isRedirect = (file) => fs.readFileSync(file, 'utf8').slice(0, 600).includes('http-equiv="refresh"');

/** Addresses of all pages, redirects left out. */
export function pagesOf(build) {
  return fs
    .readdirSync(build, {recursive: true})
    .filter((name) => name.endsWith('.html') && !isRedirect(path.join(build, name)))
    .map((name) => `/${name.split(path.sep).join('/').replace(/index\.html$/, '')}`)
    .sort();
}
