/**
 * Opens every page of the built site in Chromium: `npm run docs:build`, then `tsx site/check.ts [folder]`. It fails for a page that does
 * not load or reports an error, for a link that leads nowhere, for a page that is wider than a phone, and if the search finds nothing.
 * With a folder, it leaves screenshots there to look at.
 */
import { mkdir, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, type Browser } from 'puppeteer-core';
import { serve } from 'vitepress';

interface Visit {
  anchors: string[];
  /** Paths with their anchors, on this site only. */
  links: string[];
  /** Pixels that the page is wider than the window. */
  overflow: number;
}

const site = fileURLToPath(new URL('.', import.meta.url));
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };
/** Pages to look at. */
const pictured = ['/', '/docs/getting-started', '/docs/reference/options', '/api/'];
/** Reads a page. It is text, since it runs in the browser, whose types this project does not have. */
const reading = `({
  anchors: [...document.querySelectorAll('[id]')].map(({ id }) => id),
  links: [...document.querySelectorAll('a[href]')]
    .filter(({ origin }) => origin === location.origin)
    .map(({ pathname, hash }) => pathname + decodeURIComponent(hash)),
  overflow: document.documentElement.scrollWidth - window.innerWidth,
})`;
const [screenshots] = process.argv.slice(2);
const problems: string[] = [];

const { server } = await serve({ root: site, port: 0 });
if (!server) throw new Error('The site is not served. Build it first: npm run docs:build.');
const browser = await launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const { port } = server.address() as AddressInfo;
  const origin = `http://localhost:${port}`;
  const visits = await visitAll(browser, origin);
  checkLinks(visits);
  await checkSearch(browser, origin);
  if (screenshots !== undefined) await takeScreenshots(browser, origin, screenshots);
  console.log(`${visits.size} pages, ${[...visits.values()].flatMap(({ links }) => links).length} links.`);
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function visitAll(from: Browser, origin: string): Promise<Map<string, Visit>> {
  const files = await readdir(join(site, '.vitepress/dist'), { recursive: true });
  const paths = files.filter((file) => file.endsWith('.html') && file !== '404.html').map(pathOf);
  const page = await from.newPage();
  await page.setViewport(phone);
  let path = '';
  page.on('pageerror', (error) => problems.push(`${path}: ${String(error)}`));
  page.on('requestfailed', (request) => problems.push(`${path}: ${request.url()} did not load`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${path}: ${response.url()} is a ${response.status()}`);
  });
  const visits = new Map<string, Visit>();
  for (path of paths) {
    await page.goto(origin + path, { waitUntil: 'load' });
    const visit = (await page.evaluate(reading)) as Visit;
    if (visit.overflow > 0) problems.push(`${path}: is ${visit.overflow} px wider than a phone`);
    visits.set(path, visit);
  }
  return visits;
}

function pathOf(file: string): string {
  return `/${file.replace(/\.html$/, '').replace(/(^|\/)index$/, '$1')}`;
}

function checkLinks(visits: ReadonlyMap<string, Visit>): void {
  for (const [path, { links }] of visits) {
    for (const link of new Set(links)) {
      const [target = '', anchor = ''] = link.split('#');
      const found = visits.get(target);
      if (!found) problems.push(`${path}: ${link} leads to no page`);
      else if (anchor !== '' && !found.anchors.includes(anchor)) problems.push(`${path}: ${link} leads to no heading`);
    }
  }
}

async function checkSearch(from: Browser, origin: string): Promise<void> {
  const page = await from.newPage();
  await page.setViewport(desk);
  await page.goto(origin, { waitUntil: 'networkidle0' });
  await page.click('.VPNavBarSearch button');
  await page.waitForSelector('#localsearch-input');
  await page.type('#localsearch-input', 'AbortSignal');
  const found = await page.waitForSelector('#localsearch-list .result', { timeout: 20_000 }).catch(() => null);
  if (!found) problems.push('The search finds nothing for AbortSignal.');
  await page.close();
}

async function takeScreenshots(from: Browser, origin: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const page = await from.newPage();
  for (const theme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    for (const [name, viewport] of Object.entries({ phone, desk })) {
      await page.setViewport(viewport);
      for (const path of pictured) {
        await page.goto(origin + path, { waitUntil: 'networkidle0' });
        const file = `${path.replaceAll('/', '-')}-${name}-${theme}.png`.replace(/^-+/, '');
        await page.screenshot({ path: join(folder, file) });
      }
    }
  }
  await page.close();
}
