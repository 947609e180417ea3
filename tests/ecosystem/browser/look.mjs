// Copyright (c) 2026, mediaops.access contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Opens a page in several ways, takes a screenshot of each, and prints what is to be said about it as JSON.
// node look.mjs CHROMIUM PROFILE URL FOLDER
import { join } from 'node:path';
import process from 'node:process';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const [executablePath, profile, url, folder] = process.argv.slice(2);
const quiet = ['quic', 'gpu', 'background-networking', 'component-update', 'sync', 'domain-reliability'].map((name) => `--disable-${name}`);
const args = [...quiet, '--no-first-run', '--no-pings', '--host-resolver-rules=MAP * ~NOTFOUND'];
const views = [360, 1280].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ width, colorScheme, media: 'screen' })));
views.push({ width: 794, colorScheme: 'light', media: 'print' });

// The page is our own, and containers often allow no sandbox, for any user.
const context = await chromium.launchPersistentContext(profile, { executablePath, args, chromiumSandbox: false, viewport: null });
await context.setOffline(true);
const seen = [];
for (const view of views) {
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
  await page.screenshot({ path: join(folder, `${view.media}-${view.width}-${view.colorScheme}.png`), fullPage: true });
  const facts = await page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    wide: [...document.querySelectorAll('table')].filter((table) => table.offsetWidth > table.parentElement.querySelector('.title').offsetWidth).length,
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
  seen.push({ ...view, ...facts, text, messages, requests, violations: found });
  await page.close();
}
await context.close();
process.stdout.write(JSON.stringify(seen));
