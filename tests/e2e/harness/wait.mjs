// SPDX-License-Identifier: Apache-2.0
// Waiting for something that happens by itself, but not for ever.

/**
 * How long anything is waited for. It guards against a test that hangs and measures nothing: no test
 * may pass or fail by how fast the machine is, so it is far longer than a busy one needs.
 */
export const PATIENCE_MS = 180000;

/** Ask until the answer is true; gives it. Fails after PATIENCE_MS. */
export async function eventually(ask, what = 'it') {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > until) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
