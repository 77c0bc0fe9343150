/** Opens a page as a reader would, and notes what a reader should never meet. */

/** Listens to a page; the result collects complaints until it is taken. */
export function listen(page, origin) {
  let heard = [];
  const hear = (line) => heard.push(line);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) hear(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => hear(`error: ${error.message}`));
  page.on('requestfailed', (request) => {
    if (!/ERR_ABORTED/.test(request.failure()?.errorText ?? '')) hear(`failed request: ${request.url()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) hear(`request to elsewhere: ${url}`);
  });
  page.on('websocket', (socket) => hear(`connection to elsewhere: ${socket.url()}`));
  return {
    take() {
      const taken = heard;
      heard = [];
      return [...new Set(taken)];
    },
  };
}

/** Goes to a page and waits until it stands still: hydrated, diagrams drawn, nothing moving. */
export async function open(page, url) {
  await page.goto(url, {waitUntil: 'load'});
  await page.waitForFunction(
    () => document.documentElement.hasAttribute('data-has-hydrated')
      ? document.documentElement.getAttribute('data-has-hydrated') === 'true'
      : document.readyState === 'complete',
    undefined,
    {timeout: 15000},
  );
  await page.waitForFunction(() => !document.querySelector('.docusaurus-mermaid-container:empty'), undefined, {
    timeout: 15000,
  });
  // Colours are looked at as they are in the end.
  await page.addStyleTag({content: '*, *::before, *::after {transition: none !important; animation: none !important}'});
}

/** How far a page can be scrolled sideways, in pixels, and by what. */
export function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth - width;
    if (wide <= 0) return [];
    const scrolls = (element) => {
      for (let up = element.parentElement; up; up = up.parentElement) {
        if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true;
      }
      return false;
    };
    const culprits = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element))
      .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)
      .slice(0, 3);
    return [`scrolls sideways by ${wide} px: ${culprits.join(', ')}`];
  });
}
