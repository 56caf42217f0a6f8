// SPDX-License-Identifier: Apache-2.0
// The sources as a map of path to text: of the checkout, or made up by a test.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Where the sources stand. */
export const FOLDERS = ['cli', 'proxy', 'issuer', 'policy', 'token', 'jwks', 'base'];

/** The rooms, and the rooms that each may include besides those that these may: the arrows, one way. */
export const ROOMS = {
  cli: ['proxy/gate'],
  'proxy/gate': ['proxy/config', 'proxy/upstream', 'issuer/admin'],
  'proxy/config': ['proxy/listener/engines', 'issuer/local', 'policy'],
  'proxy/upstream': ['proxy/listener', 'proxy/io'],
  'proxy/listener/engines': ['proxy/listener/civetweb', 'proxy/listener/events'],
  'proxy/listener/civetweb': ['proxy/listener', 'proxy/io'],
  'proxy/listener/events': ['proxy/listener', 'proxy/io'],
  'proxy/listener': ['proxy/http'],
  'proxy/http': ['base'],
  'proxy/io': ['base'],
  'issuer/local': ['issuer/oauth'],
  'issuer/oauth': ['issuer/accounts', 'issuer/keys', 'token'],
  'issuer/admin': ['issuer/accounts', 'jwks'],
  'issuer/accounts': ['issuer/store'],
  'issuer/keys': ['issuer/store', 'jwks'],
  'issuer/store': ['issuer/model'],
  'issuer/model': ['base'],
  policy: ['token'],
  token: ['jwks'],
  jwks: ['base'],
  base: [],
};

/** The room of a file: the folder that it stands in. */
export const roomOf = (name) => name.split('/').slice(0, -1).join('/');

/** Every room that this one may include, itself among them. */
export function reach(room, seen = new Set()) {
  if (!seen.has(room)) {
    seen.add(room);
    for (const next of ROOMS[room] ?? []) reach(next, seen);
  }
  return seen;
}

function readFolder(dir, fits, files) {
  if (!fs.existsSync(dir)) return;
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.name === 'node_modules') continue;
    if (entry.isDirectory()) readFolder(full, fits, files);
    else if (fits(entry.name)) files.set(path.relative(ROOT, full), fs.readFileSync(full, 'utf8'));
  }
}

/** Sources and headers of the product, the end-to-end tests and what runs them, the manual and its page of refusals. */
export function readTree() {
  const files = new Map();
  for (const folder of FOLDERS) readFolder(path.join(ROOT, folder), (name) => /\.[ch]$|^README\.md$/.test(name), files);
  readFolder(path.join(ROOT, 'tests/e2e'), (name) => name.endsWith('.mjs') || name === 'package.json', files);
  readFolder(path.join(ROOT, 'docs'), (name) => name === 'refusals.md' || name === 'manual.md', files);
  readFolder(path.join(ROOT, 'scripts'), (name) => name === 'test', files);
  return files;
}

const blank = (text) => text.replace(/[^\n]/g, ' ');

/** C without what is in comments, strings and character constants; lines stay where they are. */
export function code(text) {
  return text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (match) => {
    if (match.startsWith('/')) return blank(match);
    return match[0] + blank(match.slice(1, -1)) + match[0];
  });
}

export const lineOf = (text, index) => text.slice(0, index).split('\n').length;
