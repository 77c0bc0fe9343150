// Looks at MassGen's web page every few seconds: node web_screens.mjs URL FOLDER COUNT SECONDS

import path from 'node:path';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const {launch} = await import(path.join(here, '../../website/checks/lib/browser.mjs'));
const [url, folder, count, seconds] = process.argv.slice(2);

const browser = await launch();
const page = await browser.newPage({viewport: {width: 1280, height: 900}});
await page.goto(url);
for (let number = 0; number < Number(count); number += 1) {
  await page.waitForTimeout(Number(seconds) * 1000);
  const name = path.join(folder, `web-${String(number).padStart(2, '0')}`);
  await page.screenshot({path: `${name}.png`});
  console.log(`--- ${number}`);
  console.log((await page.locator('body').innerText()).slice(0, 4000));
}
await browser.close();
