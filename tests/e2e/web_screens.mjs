// Looks at MassGen's web page: node web_screens.mjs URL FOLDER WIDTH
// For each line on stdin the page's text goes to stdout as one line of JSON; the line names a screenshot, or is empty.

import path from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const {launch} = await import(path.join(here, '../../website/checks/lib/browser.mjs'));
const [url, folder, width] = process.argv.slice(2);

const browser = await launch();
const page = await browser.newPage({viewport: {width: Number(width), height: 900}});
await page.goto(url);
for await (const name of readline.createInterface({input: process.stdin})) {
  if (name) await page.screenshot({path: path.join(folder, name)});
  console.log(JSON.stringify((await page.locator('body').innerText()).slice(0, 8000)));
}
await browser.close();
