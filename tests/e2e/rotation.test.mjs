// SPDX-License-Identifier: Apache-2.0
// An identity provider changes its keys while requests come without a pause: the new key counts at
// its first use, the old one until it is removed, and nobody is refused wrongly in between.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGate } from './harness/gate.mjs';
import { signingJwk, startIdp } from './harness/idp.mjs';
import { startLoad } from './harness/load.mjs';
import { expectRefusal } from './harness/refusal.mjs';
import { AUDIENCE, makeKey, sign } from './harness/tokens.mjs';
import { recordingUpstream } from './harness/upstream.mjs';
import { eventually } from './harness/wait.mjs';

const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;

/** Every answer by the key of its token, and every refusal that was none of our wishing. */
function watchAnswers() {
  const seen = { good: new Map(), refused: new Map(), wrong: [], removed: null, goodAfterRefusal: 0 };
  const count = (map, kid) => map.set(kid, (map.get(kid) ?? 0) + 1);
  seen.answered = ({ kid }, status, reason) => {
    if (status === 200) {
      count(seen.good, kid);
      if (seen.refused.has(kid)) seen.goodAfterRefusal++;
    } else if (kid === seen.removed && status === 401 && reason === 'key_unknown') {
      count(seen.refused, kid);
    } else {
      seen.wrong.push(`${kid}: ${status} ${reason}`);
    }
  };
  return seen;
}

for (const alg of ['RS256', 'ES256', 'EdDSA']) {
  test(`rotation of an ${alg} key under load`, async (t) => {
    const idp = await startIdp(t, [alg]);
    const [first] = idp.keys;
    const upstream = await recordingUpstream(t);
    const issuer = { issuer: idp.issuer, audience: [AUDIENCE], jwks: { cooldown: '1s', timeout: '60s' } };
    const gate = await startGate(t, { upstream: upstream.url, config: { issuers: { idp: issuer } } });
    await gate.hasKeys();

    const seen = watchAnswers();
    const mint = async () => {
      const token = await idp.token(alg);
      return { token, kid: kidOf(token) };
    };
    const pool = [await mint(), await mint()];
    let turn = 0;
    const load = startLoad(gate.port, { target: '/api/x', next: () => pool[turn++ % pool.length], answered: seen.answered });
    const more = (kid, map, what) => {
      const before = map.get(kid) ?? 0;
      return eventually(() => (map.get(kid) ?? 0) >= before + 100, what);
    };
    await more(first.kid, seen.good, 'a hundred good answers');

    await t.test('the new key counts at its first use', async () => {
      const second = signingJwk(alg, 'second');
      idp.replaceKeys([second, first]);
      const entry = await mint();
      assert.equal(entry.kid, 'second');
      // Every connection meets it at once; the one fetch serves them all.
      pool.push(entry, await mint(), await mint(), await mint());
      await more('second', seen.good, 'a hundred good answers with the new key');
      assert.deepEqual(seen.wrong, []);
    });

    await t.test('the old key counts for as long as it is published', async () => {
      await more(first.kid, seen.good, 'a hundred more with the old key');
      assert.deepEqual(seen.wrong, []);
      assert.equal(seen.refused.size, 0);
    });

    await t.test('the old key is refused after its removal, and the new one never', async () => {
      seen.removed = first.kid;
      idp.replaceKeys(idp.keys.filter((key) => key.kid !== first.kid));
      // The gate asks again when its time has come, or when somebody comes with a key it does not know.
      const stranger = await sign(makeKey(alg, 'stranger'), { iss: idp.issuer });
      await eventually(async () => {
        await expectRefusal(gate, await gate.ask({ target: '/api/x', headers: { Authorization: `Bearer ${stranger}` } }), 'key_unknown');
        return seen.refused.get(first.kid);
      }, 'a refusal of the old key');
      await more(first.kid, seen.refused, 'a hundred refusals of the old key');
      await more('second', seen.good, 'a hundred more with the new key');
    });

    const requests = await load.end();
    assert.deepEqual(seen.wrong, [], 'nobody was refused wrongly');
    assert.ok(seen.goodAfterRefusal <= 8, `the old key came back: ${seen.goodAfterRefusal} answers`);
    t.diagnostic(`${requests} requests, ${seen.wrong.length} refused wrongly`);
  });
}
