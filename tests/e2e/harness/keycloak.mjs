// SPDX-License-Identifier: Apache-2.0
// The real Keycloak that scripts/keycloak started, with the realm of deploy/compose: its tokens,
// its administration, and its going away and coming back.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const DEMO = path.join(ROOT, 'deploy/compose');

const port = Number(process.env.KEYCLOAK_PORT ?? 31443);
const dir = process.env.POSTERN_KEYCLOAK;
const secret = (name) => fs.readFileSync(path.join(dir, 'secrets', name), 'utf8').trim();

/** Options of a test that needs Keycloak: skipped, and says why, where it is not. */
export const NEEDS_KEYCLOAK = dir ? {} : { skip: 'POSTERN_KEYCLOAK does not say where scripts/keycloak started one' };

export const BASE = `https://localhost:${port}`;
export const REALM = `${BASE}/realms/crm`;
export const SECRETS = dir ? path.join(dir, 'secrets') : null;
export const CA_FILE = SECRETS && path.join(SECRETS, 'ca.pem');

/**
 * Ask Keycloak: {status, text, json()}. Trusts its own authority only. It listens on 127.0.0.1, and of
 * the addresses of localhost Node.js 18 tries the first one only.
 */
export function request(method, url, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { method, headers, ca: fs.readFileSync(CA_FILE), agent: false, family: 4 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (data) => (text += data));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, text, json: () => JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

async function tokenFrom(realm, form, headers = {}) {
  const answer = await request('POST', `${BASE}/realms/${realm}/protocol/openid-connect/token`, { headers: { ...FORM, ...headers }, body: new URLSearchParams(form).toString() });
  if (answer.status !== 200) throw new Error(`Keycloak said ${answer.status} ${answer.text}`);
  return answer.json().access_token;
}

/** An access token by client credentials of one of the realm's clients. */
export function token(client) {
  const basic = Buffer.from(`${client}:${secret(`${client}_secret`)}`).toString('base64');
  return tokenFrom('crm', { grant_type: 'client_credentials' }, { Authorization: `Basic ${basic}` });
}

/** The administrator's token, of the realm master. */
export function adminToken() {
  return tokenFrom('master', { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: secret('keycloak_admin_password') });
}

/** The administrator's REST interface below the realm; throws unless it says 2xx. */
export async function admin(method, target, body) {
  const bearer = await adminToken();
  const answer = await request(method, `${BASE}/admin/realms/crm${target}`, { headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
  if (answer.status < 200 || answer.status > 299) throw new Error(`Keycloak said ${answer.status} to ${method} ${target}: ${answer.text}`);
  return answer.text === '' ? null : answer.json();
}

/** The key set as it is published now. */
export async function publishedKeys() {
  return (await request('GET', `${REALM}/protocol/openid-connect/certs`)).json().keys;
}

const signing = async () => (await admin('GET', '/components?type=org.keycloak.keys.KeyProvider')).filter((one) => /^(rsa|ecdsa)-generated$/.test(one.providerId));

/** Have a new key sign from now on; the old ones stay published. Gives the old ones' ids. */
export async function addKey(providerId = 'rsa-generated', algorithm = 'RS256') {
  const old = await signing();
  const priority = 1 + Math.max(...old.map((one) => Number(one.config.priority?.[0] ?? 0)));
  const specific = providerId === 'rsa-generated' ? { algorithm: [algorithm], keySize: ['2048'] } : { ecdsaEllipticCurveKey: ['P-256'] };
  await admin('POST', '/components', {
    name: `key-${priority}-${Date.now()}`, providerId, providerType: 'org.keycloak.keys.KeyProvider', parentId: (await admin('GET', '')).id,
    config: { priority: [String(priority)], enabled: ['true'], active: ['true'], ...specific },
  });
  return old.map((one) => one.id);
}

/** Take keys out of the published set. */
export async function removeKeys(ids) {
  for (const id of ids) await admin('DELETE', `/components/${id}`);
}

const script = (what) => promisify(execFile)(path.join(ROOT, 'scripts/keycloak'), [what], { env: { ...process.env, KEYCLOAK_DIR: dir } });

export const stop = () => script('stop');

/** Start it as it was stopped, and wait until it is ready. */
export async function resume() {
  await script('resume');
  await script('await');
}

/** A configuration of the demo with nothing changed but addresses and places. */
export function placed(text, gate, upstreamPort, ca = CA_FILE) {
  const places = [
    ['0.0.0.0:8080', `127.0.0.1:${gate.port}`], ['127.0.0.1:8080', `127.0.0.1:${gate.port}`], ['127.0.0.1:9901', `127.0.0.1:${gate.adminPort}`], ['metrics: {address: 0.0.0.0:9902}', ''],
    ['127.0.0.1:9000', `127.0.0.1:${upstreamPort}`], ['https://keycloak:8443', BASE], ['/run/secrets/ca.pem', ca], ['/var/lib/postern', 'state'],
  ];
  return places.reduce((all, [from, to]) => all.replaceAll(from, to), text);
}

export const demoConfig = (gate, upstreamPort, ca) => placed(fs.readFileSync(path.join(DEMO, 'postern/postern.yaml'), 'utf8'), gate, upstreamPort, ca);

export const demoPolicy = () => fs.readFileSync(path.join(DEMO, 'postern/policy.yaml'), 'utf8');
