// SPDX-License-Identifier: Apache-2.0
// Chromium without a window. It opens pages of ours, one after the other, whose scripts tell what they could do;
// every name that ends in .test is this machine.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { scratch } from './gate.mjs';
import { eventually } from './wait.mjs';

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why there is no browser, or false: for `skip`. */
export const NEEDS_CHROMIUM = CHROMIUM ? false : 'Chromium is not installed';

const SWITCHES = ['--headless', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable', '--host-resolver-rules=MAP *.test 127.0.0.1'];

export class Browser {
  #server = http.createServer((request, response) => this.#serve(request, response));
  #pages = [];
  #results = [];

  /** Pages are served, and what they tell is taken, until the test ends. */
  static async start(t) {
    const browser = new Browser();
    browser.#server.listen(0, '127.0.0.1');
    await once(browser.#server, 'listening');
    t.after(() => {
      browser.#server.closeAllConnections();
      browser.#server.close();
    });
    return browser;
  }

  /** What a page of that host has as its origin. */
  origin(host) {
    return `http://${host}:${this.#server.address().port}`;
  }

  /** One more page to open: its script is the function `script`, called with `given`. At `url`, if it is not ours. */
  add(host, script, given, url) {
    this.#pages.push({ script, given, url: url ?? `${this.origin(host)}/${this.#pages.length}` });
  }

  /** The page at that place of the order; for whoever serves it instead. */
  html(index) {
    const { script, given } = this.#pages[index];
    const next = this.#pages[index + 1]?.url ?? 'about:blank';
    return `<!doctype html><title>${index}</title><script type="module">
      let told;
      try { told = { value: await (${script})(${JSON.stringify(given)}) }; } catch (error) { told = { error: String(error.stack) }; }
      await fetch('${this.origin('told.test')}/told/${index}', { method: 'POST', mode: 'no-cors', body: JSON.stringify(told) });
      location.href = ${JSON.stringify(next)};
    </script>`;
  }

  async #serve(request, response) {
    const [, index] = /^\/told\/(\d+)$/.exec(request.url) ?? [];
    const [, page] = /^\/(\d+)$/.exec(request.url) ?? [];
    if (index === undefined) {
      response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
      response.end(page === undefined ? '' : this.html(Number(page)));
      return;
    }
    let text = '';
    for await (const piece of request) text += piece;
    this.#results[Number(index)] = JSON.parse(text);
    response.end();
  }

  /** Open all of them; what their scripts returned. */
  async run(t) {
    const root = process.getuid() === 0 ? ['--no-sandbox'] : []; // it refuses to have one as root
    const child = spawn(CHROMIUM, [...SWITCHES, ...root, `--user-data-dir=${scratch(t)}`, this.#pages[0].url], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let over = false;
    child.stderr.on('data', (data) => { said += data; });
    const exit = once(child, 'exit').then(() => { over = true; });
    try {
      await eventually(() => over || this.#results.filter((one) => one).length === this.#pages.length, 'what the last page tells');
    } finally {
      if (!over) process.kill(-child.pid, 'SIGKILL');
      await exit;
    }
    return this.#pages.map((page, index) => {
      const told = this.#results[index];
      if (told?.value === undefined) throw new Error(`${page.url}: ${told?.error ?? said}`);
      return told.value;
    });
  }
}
