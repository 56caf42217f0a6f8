// SPDX-License-Identifier: Apache-2.0
// Waiting for something that happens by itself, but not for ever.

/** Ask until the answer is true; gives it. Fails after 30 seconds. */
export async function eventually(ask, what = 'it') {
  const until = Date.now() + 30000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > until) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
