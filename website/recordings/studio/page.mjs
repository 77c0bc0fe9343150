/**
 * Films a web page in Chromium: `node page.mjs PLAN` with a JSON file {url, size, acts, folder, hurried}.
 * Writes the pictures that differ into the folder, and prints {pictures: [[second, file]], said: [[second, caption, text]]}:
 * the page's text as it stood when the next caption began.
 */

import fs from 'node:fs';
import path from 'node:path';
import {launch} from '../../checks/lib/browser.mjs';

const WITHIN = 120_000;
const KEY = 40;

const words = (page) => page.evaluate(() => document.body.innerText);

async function until(page, text) {
  await page.waitForFunction((wanted) => document.body.innerText.replace(/\s+/g, ' ').includes(wanted), text, {
    timeout: WITHIN,
    polling: 100,
  });
}

/** Chromium sends a picture whenever something has changed. */
async function film(page, folder, pictures, since) {
  const session = await page.context().newCDPSession(page);
  session.on('Page.screencastFrame', ({data, sessionId}) => {
    const file = path.join(folder, `${String(pictures.length).padStart(5, '0')}.png`);
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
    pictures.push([since(), file]);
    session.send('Page.screencastFrameAck', {sessionId}).catch(() => {});
  });
  await session.send('Page.startScreencast', {format: 'png', everyNthFrame: 1});
}

async function perform(page, act, hurried) {
  if (act.click) await page.click(act.click, {timeout: WITHIN});
  if (act.type) await page.keyboard.type(act.type, {delay: hurried ? 0 : KEY});
  await page.waitForTimeout(hurried ? 200 : act.pause * 1000);
}

async function main() {
  const {url, size, acts, folder, hurried} = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const browser = await launch();
  const [width, height] = size;
  const page = await browser.newPage({viewport: {width, height}, colorScheme: 'dark', reducedMotion: 'reduce'});
  await page.goto(url);
  await until(page, acts[0].wait);
  const started = Date.now();
  const since = () => (Date.now() - started) / 1000;
  const [pictures, said] = [[], []];
  await film(page, folder, pictures, since);
  for (const act of acts) {
    await until(page, act.wait);
    if (act.say && said.length) said[said.length - 1].push(await words(page));
    if (act.say) said.push([since(), act.say]);
    await perform(page, act, hurried);
  }
  said[said.length - 1].push(await words(page));
  console.log(JSON.stringify({pictures, said, seconds: since()}));
  await browser.close();
}

await main();
