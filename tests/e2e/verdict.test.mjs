// SPDX-License-Identifier: Apache-2.0
// What a verdict rests on, under load: whatever changes, answers that are wrong after the change was
// acknowledged are counted, and there are none beyond the bound that the manual names.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { startLoad } from './harness/load.mjs';
import { fileIssuer, keySet, makeKey, now, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const key = makeKey('ES256');

test('time: a token ends by max_age, though its verdict is remembered', async (t) => {
  const upstream = await recordingUpstream(t);
  const gate = await startGate(t, { upstream: upstream.url, files: { 'keys.json': keySet(key) }, config: { issuers: fileIssuer({ max_age: '3s', clock_skew: '0s' }) } });
  const iat = now();
  const token = await sign(key, { iat, exp: iat + 3600 });
  const wrong = [];
  let good = 0;
  let ended = 0;
  const load = startLoad(gate.port, {
    target: '/api/x',
    next: () => ({ token, asked: Date.now() }),
    answered: ({ asked }, status, reason) => {
      if (status === 200) good++;
      if (reason === 'token_too_old') ended++;
      if (asked >= (iat + 4) * 1000 && reason !== 'token_too_old') wrong.push({ asked, status, reason });
    },
  });
  t.after(load.end);
  await eventually(() => ended > 100 || wrong.length > 100, 'answers after its age');
  await load.end();
  assert.ok(good > 0);
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${load.requests} answers are wrong`);
});
