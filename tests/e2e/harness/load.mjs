// SPDX-License-Identifier: Apache-2.0
// Requests without a pause on several kept connections, every answer looked at.
import { Wire, requestText } from './raw.mjs';

/**
 * Start it. `next()` gives {token, ...} for each request, and `answered(entry, status, reason)` is
 * told how that went. An answer that does not come counts as status 0. `end()` stops and waits.
 */
export function startLoad(port, { target, next, answered, connections = 8 }) {
  const load = { requests: 0, stopping: false };
  const worker = async () => {
    let wire = null;
    while (!load.stopping) {
      const entry = next();
      wire ??= await Wire.open(port);
      await wire.write(requestText(port, { target, headers: { Authorization: `Bearer ${entry.token}` }, close: false }));
      const got = await wire.answer();
      load.requests++;
      answered(entry, got?.status ?? 0, got && got.status !== 200 ? got.json().reason : null);
      if (!got || /close/i.test(got.get('connection') ?? '')) {
        wire.close();
        wire = null;
      }
    }
    wire?.close();
  };
  const workers = Array.from({ length: connections }, worker);
  load.end = async () => {
    load.stopping = true;
    await Promise.all(workers);
    return load.requests;
  };
  return load;
}
