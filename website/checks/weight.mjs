/**
 * How heavy the site is: what a reader loads, as it is and as gzip sends it. No check.
 * `node weight.mjs [--build FOLDER]`
 */

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {DESKTOP, launch} from './lib/browser.mjs';
import {serve} from './lib/serve.mjs';
import {buildFolder, pagesOf} from './lib/site.mjs';

/** Pages of each weight: the first one, a plain one, one with a diagram, one with a recording. */
const PAGES = ['/', '/fix/first-day-problems/', '/start/how-agents-agree/', '/learn/tour/'];
const TEXT = /\.(html|js|css|json|svg|md|txt|xml|cast|vtt)$/;

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0).padStart(6)} kB`;
const size = (file) => fs.statSync(file).size;
const sent = (file) => (TEXT.test(file) ? zlib.gzipSync(fs.readFileSync(file)).length : size(file));
const sum = (files, weigh) => files.reduce((total, file) => total + weigh(file), 0);

function row(what, files) {
  console.log(`${kilobytes(sum(files, size))} ${kilobytes(sum(files, sent))}  ${what} (${files.length} files)`);
}

/** The files that a browser asks for until a page is quiet. */
async function loaded(browser, origin, build, url) {
  const page = await (await browser.newContext(DESKTOP)).newPage();
  const asked = new Set();
  page.on('request', (request) => asked.add(decodeURIComponent(new URL(request.url()).pathname)));
  await page.goto(origin + url, {waitUntil: 'networkidle'});
  await page.context().close();
  const files = [...asked].map((name) => path.join(build, name.endsWith('/') ? `${name}index.html` : name));
  return files.filter((file) => fs.existsSync(file));
}

async function main() {
  const build = buildFolder();
  const all = fs.readdirSync(build, {recursive: true, withFileTypes: true});
  const files = all.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  console.log('  as it is      gzip');
  const known = new Set(pagesOf(build));
  const site = await serve(build);
  const browser = await launch();
  for (const url of PAGES.filter((each) => known.has(each))) row(`loaded by ${url}`, await loaded(browser, site.origin, build, url));
  await browser.close();
  site.close();
  row('search index, when somebody searches', [path.join(build, 'search.json')]);
  row('films', files.filter((file) => /\.(webm|mp4)$/.test(file)));
  row('recordings of terminals', files.filter((file) => file.endsWith('.cast')));
  row('llms-full.txt', [path.join(build, 'llms-full.txt')]);
  row('the whole site', files);
  console.log(`${pagesOf(build).length} pages`);
}

await main();
