// SPDX-License-Identifier: Apache-2.0
// What each engine can do, read from the product's own table.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE } from './gate.mjs';

const TABLE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../proxy/listener/engines/engines.h');

/** {ability: {events, civetweb, row}}; YES, NO or LIBRARY, and the row of the manual. */
export const abilities = Object.fromEntries(
  [...fs.readFileSync(TABLE, 'utf8').matchAll(/ABILITY\((\w+),\s*(\w+),\s*(\w+),\s*"([^"]+)"\)/g)]
    .map(([, name, events, civetweb, row]) => [name, { events, civetweb, row }]),
);

/** Why the engine under test is left out of what needs this ability; false: it can. */
export function cannot(name) {
  const { [ENGINE]: can, row } = abilities[name];
  return can === 'NO' && `${ENGINE} cannot: ${row}`;
}
