/** Chromium, as Debian packages it or as CHROMIUM names it. */

import fs from 'node:fs';
import {chromium} from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser's program. */
export function program() {
  const found = [process.env.CHROMIUM, ...PLACES].find((file) => file && fs.existsSync(file));
  if (!found) {
    throw new Error('Chromium is missing: install the package `chromium`, or set CHROMIUM to the path of one.');
  }
  return found;
}

export const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb'];

/** Starts it. */
export const launch = () => chromium.launch({executablePath: program(), args: FLAGS});

/** What a reader may look at the site with. */
export const DESKTOP = {viewport: {width: 1280, height: 900}};
export const PHONE = {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true, deviceScaleFactor: 1};
