// Copyright (c) 2026, mediaops.access contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Opens each page in several ways, takes a screenshot of each, and prints what is to be said about it as JSON.
// node look.mjs CHROMIUM PROFILE FOLDER URL...
import { basename, join } from 'node:path';
import process from 'node:process';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [executablePath, profile, folder, ...urls] = process.argv.slice(2);
const quiet = ['quic', 'gpu', 'background-networking', 'component-update', 'sync', 'domain-reliability'].map((name) => `--disable-${name}`);
const args = [...quiet, '--no-first-run', '--no-pings', '--host-resolver-rules=MAP * ~NOTFOUND'];
const views = [390, 1280].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ width, colorScheme, media: 'screen' })));
views.push({ width: 360, colorScheme: 'light', media: 'screen' }, { width: 794, colorScheme: 'light', media: 'print' });

// The page is our own, and containers often allow no sandbox, for any user.
const context = await chromium.launchPersistentContext(profile, { executablePath, args, chromiumSandbox: false, viewport: null });
await context.setOffline(true);
const seen = [];
for (const { url, ...view } of urls.flatMap((url) => views.map((view) => ({ url, ...view })))) {
  const page = await context.newPage();
  const messages = [];
  const requests = [];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(String(error)));
  page.on('dialog', (dialog) => messages.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on('request', (request) => requests.push(request.url()));
  await page.setViewportSize({ width: view.width, height: 800 });
  await page.emulateMedia({ colorScheme: view.colorScheme, media: view.media });
  await page.goto(url);
  await page.screenshot({ path: join(folder, `${basename(url, '.html')}-${view.media}-${view.width}-${view.colorScheme}.png`), fullPage: true });
  const facts = await page.evaluate(() => ({
    folded: [...document.querySelectorAll('details')].map((details) => [details.open, (details.open = true)][0]),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    wide: [...document.querySelectorAll('section *')].filter((element) => !element.parentElement.closest('.scroll')
      && element.getBoundingClientRect().right > element.closest('section').getBoundingClientRect().right).length,
    cut: [...document.querySelectorAll('body *')].flatMap((element) => [...element.childNodes]).filter((node) => node.nodeType === Node.TEXT_NODE)
      .flatMap((node) => [...node.data.matchAll(/[A-Za-z0-9_:@.]+/g)].filter(([word]) => word.length <= 30).filter(({ 0: word, index }) => {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        return new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom))).size > 1;
      }).map(([word]) => word)),
    background: getComputedStyle(document.body).backgroundColor,
    scripts: document.scripts.length,
    headings: [...document.querySelectorAll('h1, h2')].map((heading) => heading.textContent),
    broken: [...document.querySelectorAll('nav a')].filter((link) => !document.querySelector(link.hash)).length,
    small: [...document.querySelectorAll('body *')].filter((element) => parseFloat(getComputedStyle(element).fontSize) < 12).length,
  }));
  const text = await page.innerText('body');
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map((node) => node.html) }));
  seen.push({ url, ...view, ...facts, text, messages, requests, violations: found });
  await page.close();
}
await context.close();
process.stdout.write(JSON.stringify(seen));
