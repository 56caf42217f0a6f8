// SPDX-License-Identifier: Apache-2.0
// The rules that a machine holds. Each takes a tree and gives the list of its breaches; one that
// finds nothing to look at gives a breach, too.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { code, FOLDERS, lineOf, reach, roomOf, ROOMS } from './tree.mjs';

const MAX_FILE_LINES = 450;
const MAX_FUNCTION_LINES = 60;
const BANNED = ['strcpy', 'strcat', 'sprintf', 'vsprintf', 'strtok', 'atoi', 'gets', 'localtime', 'gmtime', 'rand', 'system', 'popen', 'alloca'];
const SINCE_NODE_20 = [
  'toSorted', 'toReversed', 'toSpliced', 'isWellFormed', 'toWellFormed', 'withResolvers', 'Array\\.fromAsync', '(?:Object|Map)\\.groupBy',
  'import\\.meta\\.(?:dirname|filename)', 'globSync', 'styleText', 'parseEnv', 'getBuiltinModule', 'globalThis\\.crypto', 'Promise\\.try',
];

/** Who alone may include a library's header: files of `folder` and those that are `also` named, at most `most` of them. */
const OWNERS = [
  { header: /^cmocka\.h$/, folder: 'tests/unit', most: 0 },
  { header: /^civetweb\.h$/, folder: 'proxy/listener/civetweb', most: 1 },
  // What is read from outside is read by base/json; the others hold values that it gave.
  { header: /^jansson\.h$/, folder: 'token', most: 15, also: [
    'base/json.h', 'base/json_number.h', 'base/json_plain.h', 'jwks/key.h', 'jwks/material.h', 'policy/explain.h', 'issuer/model/incarnation.h',
    'issuer/oauth/endpoint.h', 'issuer/local/issuer.h', 'issuer/admin/admin_import.c', 'proxy/gate/resource.c',
  ] },
  { header: /^openssl\//, folder: 'jwks', most: 12, also: [
    'base/digest.c', 'issuer/accounts/password.c', 'issuer/keys/signing_key.c', 'proxy/upstream/upstream_tls.c',
    'proxy/io/tls.c', 'proxy/io/tls_identity.c', 'proxy/io/tls_server.c', 'proxy/io/tls_tickets.c',
  ] },
  { header: /^jwt\.h$/, folder: 'issuer/keys', most: 1 },
  // Annotations of fibers, for builds with sanitizers.
  { header: /^sanitizer\//, folder: 'proxy/io', most: 1 },
  { header: /^curl\//, folder: 'jwks', most: 3, also: ['base/url.c'] },
  { header: /^yaml\.h$/, folder: 'base', most: 1 },
  { header: /^sqlite3\.h$/, folder: 'issuer/store', most: 3 },
  // Epochs are how the token cache forgets; everything else lives by one rule (proxy/gate/snapshot.h).
  { header: /^base\/epoch\.h$/, folder: 'proxy/gate', most: 2, also: ['base/epoch.c'] },
  { header: /^(libpq-fe|postgresql\/.*)\.h$/, folder: 'issuer/store', most: 3 },
];

/** What C, POSIX and Linux bring; every other header in <> is a library's and has an owner. */
const SYSTEM = /^(?:(?:sys|arpa|net|netinet|linux)\/.*|(?:assert|ctype|dirent|dlfcn|errno|fcntl|fnmatch|getopt|inttypes|limits|link|malloc|math|netdb|poll|pthread|sched|semaphore|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|termios|time|unistd)\.h)$/;

/** Rooms whose files are functions of values, but for what a header says with "but". */
const PURE_ROOMS = ['token', 'policy', 'proxy/http', 'issuer/model'];

/** What asks or changes the world: clocks, the environment, files, sockets, threads, chance, logs. */
const IMPURE = [
  'clock_gettime', 'gettimeofday', 'time', 'clock_now_\\w+', 'clock_mono_\\w+', 'clock_http_now', '(?:secure_)?getenv', 'setenv',
  'open(?:at|dir)?', 'fopen', '[fl]?stat', 'access', 'unlink', 'rename', 'mkdir', 'file_\\w+', 'socket', 'connect', 'accept4?', 'bind', 'listen',
  'send(?:to|msg)?', 'recv(?:from|msg)?', 'p?poll', 'select', 'epoll_\\w+', 'eventfd', 'getaddrinfo', 'read', 'write', 'close',
  'pthread_create', 'worker_\\w+', 'thread_\\w+', 'fork', 'u?sleep', 'nanosleep', 'getrandom', 'RAND_\\w+', 'digest_random',
  'f?printf', 'f?puts', 'putchar', 'perror', 'syslog', 'log_\\w+',
];

/** Public functions that cannot carry their file's name, each with the cause. */
const FOREIGN_NAMES = {
  poll: 'client_conn.c stands in front of the C library here',
  recv: 'client_conn.c stands in front of the C library here',
};

const MAX_PARAMETERS = 4;

/** Functions that a library calls, which says how many parameters they have. */
const CALLBACKS = {
  'proxy/io/tls_server.c': ['on_context_free', 'on_protocols'],
  'proxy/io/tls_tickets.c': ['on_key', 'on_ticket'],
};

/**
 * Refusals that no request can provoke yet, each with the cause. One that gets a case must leave
 * this list.
 */
export const WITHOUT_CASE = {
};

const isC = (name) => /\.[ch]$/.test(name);
const folderOf = (name) => name.split('/')[0];
const NOTHING = ['there is nothing to look at'];

function sources(tree) {
  return [...tree].filter(([name]) => isC(name));
}

function includes(text) {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/gm)].map((match) => ({
    name: match[2],
    system: match[1] === '<',
    line: lineOf(text, match.index),
  }));
}

/** Each room includes what its arrows lead to, and no file stands outside of a room. */
export function arrows(tree) {
  const breaches = [];
  let seen = 0;
  for (const [name, text] of sources(tree)) {
    const room = roomOf(name);
    if (!(room in ROOMS)) breaches.push(`${name}: ${room} is no room`);
    const allowed = reach(room);
    for (const include of includes(text)) {
      if (!include.name.includes('/') || !FOLDERS.includes(folderOf(include.name))) continue;
      seen++;
      if (!allowed.has(roomOf(include.name))) breaches.push(`${name}:${include.line}: ${include.name} is against the arrows`);
      else if (!tree.has(include.name)) breaches.push(`${name}:${include.line}: there is no ${include.name}`);
    }
  }
  return seen === 0 ? NOTHING : breaches;
}

/** Each room says what it is for, in ten lines at most. */
export function readmes(tree) {
  if (sources(tree).length === 0) return NOTHING;
  return Object.keys(ROOMS).flatMap((room) => {
    const text = tree.get(`${room}/README.md`);
    if (text === undefined) return [`${room} has no README.md`];
    const lines = text.trimEnd().split('\n').length;
    return lines > 10 ? [`${room}/README.md: ${lines} lines, at most 10`] : [];
  });
}

/** The arrows between the rooms make no circle. */
export function circles(rooms = ROOMS) {
  if (Object.keys(rooms).length === 0) return NOTHING;
  const breaches = [];
  const done = new Set();
  const visit = (room, path) => {
    if (path.includes(room)) return void breaches.push(`a circle: ${[...path.slice(path.indexOf(room)), room].join(' -> ')}`);
    if (done.has(room)) return undefined;
    for (const next of rooms[room] ?? []) visit(next, [...path, room]);
    done.add(room);
    return undefined;
  };
  for (const room of Object.keys(rooms)) visit(room, []);
  return breaches;
}

/** Each third-party header only in its owner. */
export function owners(tree) {
  const breaches = [];
  const users = OWNERS.map(() => []);
  for (const [name, text] of sources(tree)) {
    for (const include of includes(text)) {
      if (include.system && !SYSTEM.test(include.name) && !OWNERS.some((owner) => owner.header.test(include.name))) breaches.push(`${name}:${include.line}: ${include.name} has no owner`);
      OWNERS.forEach((owner, index) => {
        if (!owner.header.test(include.name)) return;
        if (roomOf(name) !== owner.folder && !owner.also?.includes(name)) breaches.push(`${name}:${include.line}: ${include.name} belongs to ${owner.folder}/`);
        else if (!users[index].includes(name)) users[index].push(name);
      });
    }
  }
  OWNERS.forEach((owner, index) => {
    if (users[index].length > owner.most) breaches.push(`${owner.header.source} is included by ${users[index].join(', ')}: at most ${owner.most}`);
  });
  return users.every((list) => list.length === 0) && breaches.length === 0 ? NOTHING : breaches;
}

export function fileLength(tree) {
  const files = sources(tree);
  if (files.length === 0) return NOTHING;
  return files
    .map(([name, text]) => [name, text.split('\n').length - 1])
    .filter(([, lines]) => lines > MAX_FILE_LINES)
    .map(([name, lines]) => `${name}: ${lines} lines, at most ${MAX_FILE_LINES}`);
}

/** Functions, by the braces that stand at the start of a line. */
function functions(text) {
  const lines = code(text).split('\n');
  const found = [];
  let start = -1;
  lines.forEach((line, index) => {
    if (line === '{') start = index;
    if (line === '}' && start >= 0) {
      found.push({ line: start + 1, length: index - start - 1, head: lines[start - 1] });
      start = -1;
    }
  });
  return found;
}

export function functionLength(tree) {
  const breaches = [];
  let seen = 0;
  for (const [name, text] of sources(tree)) {
    for (const { line, length, head } of functions(text)) {
      seen++;
      if (length > MAX_FUNCTION_LINES) breaches.push(`${name}:${line}: ${head.trim()} has ${length} lines, at most ${MAX_FUNCTION_LINES}`);
    }
  }
  return seen === 0 ? NOTHING : breaches;
}

const withoutDirectives = (plain) => plain.replace(/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm, (match) => match.replace(/[^\n]/g, ' '));

/** The parts of a list of parameters: commas within parentheses belong to one of them. */
function parameters(list) {
  let depth = 0;
  let count = /^\s*(?:void\s*)?$/.test(list) ? 0 : 1;
  for (const char of list) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (char === ',' && depth === 0) count++;
  }
  return count;
}

/** Functions that a text defines, by the name that stands at the start of a line and a brace after it. */
function definitions(text) {
  const plain = withoutDirectives(code(text));
  return [...plain.matchAll(/^([^\n]*)\n([a-z]\w*)\(([^;{}]*)\)\n\{/gm)].map((match) => ({
    name: match[2],
    line: lineOf(plain, match.index + match[1].length + 1),
    isStatic: /\bstatic\b/.test(match[1]),
    parameters: parameters(match[3]),
  }));
}

/** A function takes at most four parameters: more are a value of their own. */
export function parameterCount(tree) {
  const all = sources(tree).flatMap(([name, text]) => definitions(text).map((found) => ({ ...found, file: name })));
  if (all.length === 0) return NOTHING;
  return all
    .filter((found) => found.parameters > MAX_PARAMETERS && !CALLBACKS[found.file]?.includes(found.name))
    .map((found) => `${found.file}:${found.line}: ${found.name}() has ${found.parameters} parameters, at most ${MAX_PARAMETERS}`);
}

/** Public functions of the tree: name to file. */
function publicFunctions(tree) {
  const found = new Map();
  for (const [file, text] of sources(tree)) {
    if (!file.endsWith('.c')) continue;
    for (const { name, isStatic } of definitions(text)) if (!isStatic) found.set(name, file);
  }
  return found;
}

/** Files do not call each other in a circle; a function whose address is taken counts as called. */
export function callCircles(tree) {
  const home = publicFunctions(tree);
  if (home.size === 0) return NOTHING;
  const calls = {};
  for (const [file, text] of sources(tree)) {
    if (!file.endsWith('.c')) continue;
    const own = new Set(definitions(text).map(({ name }) => name));
    calls[file] = new Set();
    for (const [, name] of withoutDirectives(code(text)).matchAll(/(?<!\w|\.|->|\b(?:struct|enum|union) )([a-z]\w*)/g)) {
      if (home.has(name) && home.get(name) !== file && !own.has(name)) calls[file].add(home.get(name));
    }
  }
  return circles(calls);
}

/** Is a file, by its room or by its header's own words, a function of values? */
function isPure(tree, file) {
  const said = /^ \* Pure:([^\n]*(?:\n \* {2,}[^\n]*)*)/m.exec(tree.get(file.replace(/\.c$/, '.h')) ?? '')?.[1];
  if (said !== undefined && /\b(?:but|except)\b/.test(said)) return false;
  return PURE_ROOMS.includes(roomOf(file)) || (said !== undefined && /^\s*yes\b/.test(said));
}

/** What is pure calls nothing that asks or changes the world. */
export function pureFiles(tree) {
  const files = sources(tree).filter(([file]) => isPure(tree, file));
  if (files.length === 0) return NOTHING;
  const pattern = new RegExp(`(?<![\\w.>])(${IMPURE.join('|')})\\s*\\(`, 'g');
  return files.flatMap(([file, text]) => {
    const own = new Set(definitions(text).map(({ name }) => name));
    return [...withoutDirectives(code(text)).matchAll(pattern)]
      .filter((match) => !own.has(match[1]))
      .map((match) => `${file}:${lineOf(text, match.index)}: ${match[1]}() in a file that is pure`);
  });
}

const nounOf = (file) => file.split('/').at(-1).replace(/\.[ch]$/, '');
const begins = (name, noun) => name === noun || name.startsWith(`${noun}_`);

/** The nouns that a file's functions may carry: its name, its singular, and what other files of the room begin with, too. */
function nouns(file, files) {
  const words = nounOf(file).split('_');
  const found = [nounOf(file), nounOf(file).replace(/s$/, '')];
  for (let count = 1; count < words.length; count++) {
    const noun = words.slice(0, count).join('_');
    if (files.some((other) => other !== file && roomOf(other) === roomOf(file) && nounOf(other) !== nounOf(file) && begins(nounOf(other), noun))) found.push(noun);
  }
  return found;
}

/** Does a header declare this function, and is the function's noun the header's, or that of a struct which it defines? */
function declares(header, text, name) {
  const plain = code(text);
  if (!new RegExp(`(?<![\\w.>])${name}\\(`).test(plain)) return false;
  return begins(name, nounOf(header)) || [...plain.matchAll(/^struct (\w+) \{/gm)].some(([, struct]) => begins(name, struct));
}

/** A public function carries the name of its file, or of the header that declares it or of a struct that this one defines. */
export function functionNames(tree) {
  const home = publicFunctions(tree);
  if (home.size === 0) return NOTHING;
  const files = sources(tree).map(([file]) => file);
  const headers = sources(tree).filter(([file]) => file.endsWith('.h'));
  const breaches = [];
  for (const [name, file] of home) {
    if (name in FOREIGN_NAMES || nouns(file, files).some((noun) => begins(name, noun))) continue;
    if (!headers.some(([header, text]) => declares(header, text, name))) breaches.push(`${file}: ${name}() carries neither its file's name nor that of a header that declares it`);
  }
  for (const name of Object.keys(FOREIGN_NAMES)) if (!home.has(name)) breaches.push(`${name}() is no function of ours: it must leave the list of foreign names`);
  return breaches;
}

/** Statements outside of braces that declare a function: [index of their start]. */
function prototypes(text) {
  const plain = withoutDirectives(code(text));
  const found = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === '{') depth++;
    if (plain[i] === '}') depth--;
    if (depth !== 0) continue;
    if (plain[i] !== ';') continue;
    const statement = plain.slice(start, i);
    const text_at = start + statement.search(/\S/);
    if (/^[^={}]*[a-z0-9_]\s*\([^]*\)[^{}]*$/.test(statement) && !/^\s*typedef\b/.test(statement) && !/_Static_assert|static_assert/.test(statement)) found.push(text_at);
    start = i + 1;
  }
  return found;
}

/** A public function is told of in its header: a comment stands above it, without a blank line between. */
export function toldPrototypes(tree) {
  const breaches = [];
  let seen = 0;
  for (const [name, text] of sources(tree)) {
    if (!name.endsWith('.h')) continue;
    const lines = text.split('\n');
    for (const index of prototypes(text)) {
      seen++;
      const at = lineOf(text, index);
      let above = at - 2;
      while (above >= 0 && lines[above].trim() !== '' && !lines[above].includes('*/')) above--;
      if (above < 0 || !lines[above].includes('*/')) breaches.push(`${name}:${at}: no comment tells what ${lines[at - 1].trim()} does`);
    }
  }
  return seen === 0 ? NOTHING : breaches;
}

export function bannedCalls(tree) {
  const files = sources(tree);
  if (files.length === 0) return NOTHING;
  const pattern = new RegExp(`(?<![\\w.>])(${BANNED.join('|')})\\s*\\(`, 'g');
  return files.flatMap(([name, text]) =>
    [...code(text).matchAll(pattern)].map((match) => `${name}:${lineOf(text, match.index)}: ${match[1]}() is banned`),
  );
}

/** The tests run on Debian 12's node, 18: what later ones brought is missing there. */
export function newerNode(tree) {
  const files = [...tree].filter(([name]) => name.endsWith('.mjs'));
  if (files.length === 0) return NOTHING;
  const pattern = new RegExp(`(?<![\\w])(?:${SINCE_NODE_20.join('|')})(?![\\w])`, 'g');
  return files.flatMap(([name, text]) => [...text.matchAll(pattern)].map((match) => `${name}:${lineOf(text, match.index)}: node 18 has no ${match[0]}`));
}

export function licence(tree) {
  const files = sources(tree);
  if (files.length === 0) return NOTHING;
  return files.filter(([, text]) => !text.startsWith('/* SPDX-License-Identifier: Apache-2.0 */\n')).map(([name]) => `${name}: no SPDX line`);
}

function libraryFlags() {
  const flags = execFileSync('pkg-config', ['--cflags', 'libcrypto', 'libssl', 'jansson', 'libcurl', 'yaml-0.1', 'sqlite3', 'libpq', 'libjwt'], { encoding: 'utf8' });
  return flags.split(/\s+/).filter((flag) => flag !== '');
}

/** Each header can be included first, and twice. */
export function headersAlone(tree) {
  const headers = [...tree.keys()].filter((name) => name.endsWith('.h'));
  if (headers.length === 0) return NOTHING;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-headers-'));
  const breaches = [];
  try {
    for (const [name, text] of sources(tree)) {
      fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      fs.writeFileSync(path.join(dir, name), text);
    }
    const flags = ['-std=c17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Wno-comment', '-fsyntax-only', '-I', dir, ...libraryFlags()];
    for (const header of headers) {
      const main = path.join(dir, 'alone.c');
      fs.writeFileSync(main, `#include "${header}"\n#include "${header}"\nextern int alone;\n`);
      try {
        execFileSync('gcc', [...flags, main], { stdio: 'pipe' });
      } catch (error) {
        breaches.push(`${header} does not compile alone:\n${error.stderr ?? error.message}`);
      }
    }
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
  return breaches;
}

/** The words of the table in base/reason.h, but "ok". */
export function reasonWords(tree) {
  const table = tree.get('base/reason.h') ?? '';
  return [...table.matchAll(/REASON\([A-Z_]+,\s*"([a-z_]+)"/g)].map((match) => match[1]).filter((word) => word !== 'ok');
}

/** What the end-to-end tests import of others is declared, and does not only come along with something else. */
export function declaredModules(tree) {
  const declared = JSON.parse(tree.get('tests/e2e/package.json') ?? '{}').devDependencies ?? {};
  const breaches = [];
  let seen = 0;
  for (const [name, text] of [...tree].filter(([one]) => one.startsWith('tests/e2e/') && one.endsWith('.mjs'))) {
    for (const match of text.matchAll(/(?:\bfrom |\bimport\(|^import |\brequire\(|createRequire\([^()]*\)\()'([^'./][^']*)'/gm)) {
      const parts = match[1].split('/');
      const module = parts.slice(0, parts[0].startsWith('@') ? 2 : 1).join('/');
      seen++;
      if (!isBuiltin(match[1]) && !(module in declared)) breaches.push(`${name}:${lineOf(text, match.index)}: ${module} is not in tests/e2e/package.json`);
    }
  }
  return seen === 0 ? NOTHING : breaches;
}

/** Every refusal has a page: cause, how to see it and remedy in base/reason_page.c, and a row and a section in the manual. */
export function reasonPages(tree) {
  const names = [...(tree.get('base/reason.h') ?? '').matchAll(/REASON\(([A-Z_]+),\s*"([a-z_]+)"/g)].map(([, name, word]) => ({ name, word })).filter(({ word }) => word !== 'ok');
  if (names.length === 0) return NOTHING;
  const pages = tree.get('base/reason_page.c') ?? '';
  const manual = tree.get('docs/refusals.md') ?? '';
  return names.flatMap(({ name, word }) => [
    ...(new RegExp(`\\[REASON_${name}\\] = \\{\\n(\t"[^\n]{10,}\\."[, }]*\\n?){3}`).test(pages) ? [] : [`${word} has no page in base/reason_page.c`]),
    ...(manual.includes(`\n| \`${word}\` |`) ? [] : [`${word} has no row in docs/refusals.md`]),
    ...(manual.includes(`\n### ${word}\n`) ? [] : [`${word} has no section in docs/refusals.md`]),
  ]);
}

/** Every refusal has an end-to-end case; `without` names those that cannot have one yet. */
export function reasonCases(tree, without = WITHOUT_CASE) {
  const words = reasonWords(tree);
  if (words.length === 0) return NOTHING;
  const tests = [...tree].filter(([name]) => name.endsWith('.test.mjs')).map(([, text]) => text).join('\n');
  const breaches = [];
  for (const word of words) {
    const has = new RegExp(`(reason: |expectRefusal\\([^;]*, |assertRefusal\\([^;]*, )'${word}'`).test(tests);
    if (!has && !(word in without)) breaches.push(`${word} has no end-to-end case`);
    if (has && word in without) breaches.push(`${word} has a case: it must leave the list of words without one`);
  }
  for (const word of Object.keys(without)) if (!words.includes(word)) breaches.push(`${word} is no refusal`);
  return breaches;
}

/** Why what the manual says of an engine's feature is not what these suites prove; none: it is. */
function unproven({ feature, civetweb, suites }, tree, onBoth) {
  const said = (text) => `docs/manual.md: "${feature}": ${text}`;
  if (suites.length === 0) return [said('no suite proves it')];
  return suites.flatMap((name) => {
    const text = tree.get(`tests/e2e/${name}.test.mjs`);
    if (text === undefined) return [said(`there is no tests/e2e/${name}.test.mjs`)];
    if (!/^yes\b/.test(civetweb)) return [];
    if (!onBoth.has(name)) return [said(`scripts/test does not run ${name} with civetweb`)];
    return text.includes("engine: 'events'") ? [said(`${name} runs with events only`)] : [];
  });
}

/** What the manual says of features and engines has suites that run there, and tells what the table of abilities has. */
export function engineMatrix(tree) {
  const section = (tree.get('docs/manual.md') ?? '').split('\n## The two engines\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => row.split(' | ')).filter(([first]) => !/^(---|\||feature$)/.test(first))
    .map(([feature, events, civetweb, tests = '']) => ({ feature, events, civetweb, suites: [...tests.matchAll(/`([\w-]+)`/g)].map(([, name]) => name) }));
  const onBoth = new Set([...(/^wire_suites=\(([^)]*)\)/m.exec(tree.get('scripts/test') ?? '')?.[1] ?? '').matchAll(/([\w-]+)\.test\.mjs/g)].map(([, name]) => name));
  const abilities = [...(tree.get('proxy/listener/engines/engines.h') ?? '').matchAll(/ABILITY\((\w+),\s*YES,\s*(NO|LIBRARY),\s*"([^"]+)"\)/g)];
  if (rows.length === 0 || onBoth.size === 0 || abilities.length === 0) return NOTHING;
  const breaches = rows.flatMap((row) => unproven(row, tree, onBoth));
  for (const [, ability, can, feature] of abilities) {
    const row = rows.find((one) => one.feature === feature);
    if (row === undefined) breaches.push(`docs/manual.md: no row "${feature}"`);
    else if (/^yes\b/.test(row.civetweb)) breaches.push(`docs/manual.md: "${feature}": civetweb cannot`);
    else if (can === 'NO' && !row.suites.some((name) => !onBoth.has(name) || (tree.get(`tests/e2e/${name}.test.mjs`) ?? '').includes(`cannot('${ability}')`))) breaches.push(`docs/manual.md: "${feature}": no suite leaves it out by cannot('${ability}')`);
  }
  return breaches;
}
