// SPDX-License-Identifier: Apache-2.0
// The sources as a map of path to text: of the checkout, or made up by a test.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The folders in the order of the arrows: each may include what stands to its right. */
export const FOLDERS = ['cli', 'proxy', 'issuer', 'policy', 'token', 'jwks', 'base'];

function readFolder(dir, fits, files) {
  if (!fs.existsSync(dir)) return;
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.name === 'node_modules') continue;
    if (entry.isDirectory()) readFolder(full, fits, files);
    else if (fits(entry.name)) files.set(path.relative(ROOT, full), fs.readFileSync(full, 'utf8'));
  }
}

/** Sources and headers of the product, and the end-to-end tests. */
export function readTree() {
  const files = new Map();
  for (const folder of FOLDERS) readFolder(path.join(ROOT, folder), (name) => /\.[ch]$/.test(name), files);
  readFolder(path.join(ROOT, 'tests/e2e'), (name) => name.endsWith('.mjs'), files);
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
