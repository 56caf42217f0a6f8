// SPDX-License-Identifier: Apache-2.0
// The policy as docs/policy.md words it, once more and as plainly as it can be said: what is allowed, and
// else why not. It shares nothing with the gate.

/** Escapes are compared decoded; a trailing slash is ignored. */
const segmentsOf = (path) => path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);

const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** One spelling of all patterns that are the same: what a name is, and that `*` before the end is one, does not count. */
export function canonical(pattern) {
  const segments = segmentsOf(pattern);
  return segments.map((segment, i) => (/^{.*}$/.test(segment) || (segment === '*' && i < segments.length - 1) ? '{}' : segment)).join('/');
}

/** How good a segment is, if it matches: a literal, one with a `*` inside, any one; null: it does not match. */
function segmentRank(wanted, given) {
  if (wanted === '{}') return 2;
  if (!wanted.includes('*')) return wanted === given ? 4 : null;
  const [before, after] = wanted.split('*');
  const matches = given.length >= before.length + after.length && given.startsWith(before) && given.endsWith(after);
  return matches ? 3 + wanted.length / 1000 : null;
}

/** How a row's pattern matches: of each segment, then 1 for a last `*`; null: it does not. */
function rank({ pattern, ignoresCase }, path) {
  const wanted = (ignoresCase ? lower(pattern) : pattern).split('/');
  const given = segmentsOf(path).map((segment) => (ignoresCase ? lower(segment) : segment));
  const tail = wanted.at(-1) === '*';
  const fixed = tail ? wanted.slice(0, -1) : wanted;

  if (tail ? given.length < fixed.length : given.length !== fixed.length) return null;
  const ranks = fixed.map((segment, i) => segmentRank(segment, given[i]));
  // The end itself is as good as a literal: `/a` is more specific than `/a/*`.
  return ranks.includes(null) ? null : [...ranks, tail ? 1 : 4];
}

function better(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] > b[i];
  return a.length > b.length;
}

/** The most specific of some rows whose patterns match. */
function deciding(rows, path) {
  let best = null;
  for (const row of rows) {
    const ranked = rank(row, path);
    if (ranked && (!best || better(ranked, best.ranked))) best = { ranked, row };
  }
  return best?.row;
}

const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const words = (value) => (typeof value === 'string' ? value.split(' ').filter(Boolean) : list(value)).filter((word) => typeof word === 'string');
const texts = (value) => list(value).filter((word) => typeof word === 'string');
const scalar = (value) => (typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value) ? String(value) : undefined);
const hasScope = (scopes, wanted) =>
  /[:./]\*$/.test(wanted) ? scopes.some((scope) => scope.length >= wanted.length && scope.startsWith(wanted.slice(0, -1))) : scopes.includes(wanted);

const at = (claims, pointer) =>
  pointer.split('/').slice(1).reduce((value, name) => (value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : undefined), claims);

function claimHolds(line, claims) {
  const value = at(claims, line.claim);
  if ('equals' in line) return list(value).some((one) => scalar(one) !== undefined && list(line.equals).map(String).includes(scalar(one)));
  if ('prefix' in line) return texts(value).some((one) => one.startsWith(line.prefix));
  if ('exists' in line) return value !== undefined && value !== null;
  return value !== undefined && value !== null && value !== false;
}

/** A subject as RFC 4514 writes it, in one spelling: types in lower case, no space around `,`, `+` and `=`, values as bytes. */
function subject(text) {
  const value = (escaped) => Buffer.concat([...escaped.matchAll(/((?:\\[0-9a-f]{2})+)|\\(.)|([^\\]+)/gi)].map(([, hex, special, plain]) =>
    (hex ? Buffer.from(hex.replaceAll('\\', ''), 'hex') : Buffer.from(special ?? plain)))).toString('hex');
  // A space at the end that is escaped is of the value.
  return [...text.matchAll(/\s*([a-z0-9.-]+)\s*=\s*((?:\\[0-9a-f]{2}|\\.|[^\\,+])*?)\s*(?:([,+])|$)/gi)].map(([, type, escaped, next = '']) => `${type.toLowerCase()}=${value(escaped)}${next}`).join('');
}

/** What a caller of a case shows: { token: {issuer, claims} or null, client, user, granted, scopes, claims that are compared }. A certificate alone is a caller. */
function shown(caller, { certificate }) {
  if (caller === 'anonymous') return certificate === undefined ? null : { token: null, granted: [] };
  if (caller.issuer) return { token: { issuer: caller.issuer, claims: caller.claims ?? {} }, granted: [] };
  if (caller.client) return { token: { issuer: 'local', claims: caller.claims ?? {} }, client: caller.client, granted: caller.roles ?? [] };
  if (caller.user) return { token: null, user: caller.user, granted: caller.roles ?? [] };
  return { token: null, granted: caller.roles ?? [], scopes: caller.scopes ?? [], claims: caller.claims };
}

/** Is an IPv4 address in a network? `unix` is its own. */
function inNetwork(peer, network) {
  if (peer === undefined || peer === 'unix' || network === 'unix') return peer === network;
  const number = (address) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const [base, bits = 32] = network.split('/');
  const size = 2 ** (32 - bits);
  return Math.floor(number(peer) / size) === Math.floor(number(base) / size);
}

/** Of an issuer with tenants, its name is any of them. */
const isIssuer = (wanted, issuer) => issuer === wanted || issuer?.startsWith(`${wanted}:`);

function lineHolds(line, who, { peer, certificate }) {
  const { token } = who;
  const claims = token?.claims ?? {};
  const third = token && token.issuer !== 'local';
  const all = (key, given) => list(line[key]).every((one) => given.includes(one));

  if ('issuer' in line && !isIssuer(line.issuer, token?.issuer)) return false;
  if ('certificate' in line && (certificate === undefined || subject(line.certificate) !== subject(certificate))) return false;
  if ('peer' in line && !inNetwork(peer, line.peer)) return false;
  if ('user' in line && who.user !== line.user) return false;
  if ('client' in line) {
    const mine = 'issuer' in line && line.issuer !== 'local' ? claims.azp : who.client;
    if (mine !== line.client) return false;
  }
  if ('scope' in line && !(token && list(line.scope).every((one) => hasScope(words(claims.scope), one)))) return false;
  if ('group' in line && !(third && all('group', texts(claims.groups)))) return false;
  if ('role' in line && !(third && all('role', texts(claims.roles)))) return false;
  return !('claim' in line) || (token !== null && claimHolds(line, claims));
}

/** The roles of a caller at an address, with a certificate. */
export function rolesOf(policy, caller, where = {}) {
  const who = shown(caller, where);
  if (!who) return new Set();
  // Of somebody who is told by roles alone only place and certificate are known: a line that asks for no more holds.
  const named = caller === 'anonymous' || caller.issuer || caller.client || caller.user;
  return new Set(Object.entries(policy.roles)
    .filter(([role, { granted_to: lines = [] }]) => who.granted.includes(role) || lines.some((line) => (named || Object.keys(line).every((key) => ['peer', 'certificate'].includes(key))) && lineHolds(line, who, where)))
    .map(([role]) => role));
}

/** The patterns of a privilege as they are written. */
const writtenIn = (policy, privilege) => [...(privilege.paths ?? []), ...(privilege.modules ?? []).flatMap((module) => policy.modules[module].paths)];

/** The paths of a module, for each of its hosts (`undefined`: every one). */
const pathsOf = (name, { paths, hosts = [undefined], case_sensitive = true }) => paths.flatMap((one) => hosts.map((host) => ({ pattern: canonical(one), name, host, ignoresCase: !case_sensitive })));

/** Which privileges stand on which pattern, for which host: rows of {pattern, name, host}; of a public path without a name. */
function standings(policy, ignoresCase) {
  const rows = (policy.public ?? []).map((one) => ({ pattern: canonical(one) }));
  for (const [name, privilege] of Object.entries(policy.privileges)) {
    for (const pattern of new Set((privilege.paths ?? []).map(canonical))) rows.push({ pattern, name });
    for (const module of privilege.modules ?? []) rows.push(...pathsOf(name, policy.modules[module]));
  }
  // The paths of a module with hosts are always compared exactly.
  return rows.map((row) => ({ ...row, ignoresCase: ignoresCase && row.host === undefined }));
}

const hostName = (host) => host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');

/** What counts for a host, group by group: exactly this one, `*` for its first label, every host. */
function groups(rows, host) {
  const name = hostName(host);
  const star = `*.${name.split('.').slice(1).join('.')}`;
  return [name, star, undefined].map((wanted) => rows.filter((row) => row.host === wanted));
}

/** The first group with a pattern for the path. */
const applying = (rows, path, host) => groups(rows, host).find((group) => deciding(group, path)) ?? [];

/** The module that a path is of. */
function moduleOf(policy, path, host) {
  const rows = Object.entries(policy.modules).flatMap(([name, module]) => pathsOf(name, module));
  return policy.modules[deciding(applying(rows, path, host), path)?.name];
}

/** Is there a segment that both match? */
function segmentsMeet(a, b) {
  if (a === '{}' || b === '{}') return true;
  if (!a.includes('*')) return segmentRank(b, a) !== null;
  if (!b.includes('*')) return segmentRank(a, b) !== null;
  const [[before, after], [start, end]] = [a.split('*'), b.split('*')];
  return (before.startsWith(start) || start.startsWith(before)) && (after.endsWith(end) || end.endsWith(after));
}

/** Is there a path that both patterns match? */
function meet(a, b) {
  const [one, other] = [a, b].map((pattern) => ({ tail: pattern.split('/').at(-1) === '*', fixed: pattern.split('/').filter((segment, i, all) => i < all.length - 1 || segment !== '*') }));
  const lengths = (x, y) => x.tail || x.fixed.length >= y.fixed.length;
  return lengths(one, other) && lengths(other, one) && one.fixed.slice(0, other.fixed.length).every((segment, i) => segmentsMeet(segment, other.fixed[i]));
}

/** Could a path of the module (none: of no module) lead to one that ignores case? */
function isNear(policy, module) {
  const loose = Object.values(policy.modules).filter(({ case_sensitive }) => case_sensitive === false);
  const patterns = ({ paths }) => paths.map((one) => lower(canonical(one)));
  return module ? loose.some((other) => patterns(other).some((a) => patterns(module).some((b) => meet(a, b)))) : loose.length > 0;
}

/** Is a character that is no ASCII letter one to somebody who maps case or folds? */
function isLikeLetter(character) {
  const ways = [character.normalize('NFKC'), character.toLowerCase(), character.toUpperCase()];
  return character > '\u007f' && ways.flatMap((one) => [one, one.normalize('NFKC')]).some((one) => /[a-z]/i.test(one));
}

/** Could somebody read the path in another way? */
function ambiguous(policy, path, host) {
  const module = moduleOf(policy, path, host);
  const allowed = module?.path_allow ?? [];
  const segments = segmentsOf(path);
  if (segments.some((one) => (one.includes(';') && !allowed.includes('semicolon')) || (one.endsWith('.') && !allowed.includes('trailing_dot')))) return true;
  return segments.some((one) => [...one].some(isLikeLetter)) && isNear(policy, module);
}

const grants = (privilege, method) => !privilege.methods || privilege.methods.includes(method) || (method === 'HEAD' && privilege.methods.includes('GET'));

/** Does the claim equal the segment: as text or whole number, or as an entry of a list? */
function matches(privilege, pattern, path, claims) {
  const named = segmentsOf(pattern);
  return Object.entries(privilege.match ?? {}).every(([name, pointer]) => {
    const segment = segmentsOf(path)[named.indexOf(`{${name}}`)];
    return list(at(claims ?? {}, pointer) ?? undefined).some((one) => (typeof one === 'string' || Number.isInteger(one)) && String(one) === segment);
  });
}

function refusal(policy, privilege, caller, where) {
  const roles = rolesOf(policy, caller, where);
  const who = shown(caller, where);
  const scopes = who.scopes ?? words(who.token?.claims.scope);
  const { roles: any = [], scopes: anyScope = [], all_roles: every = [], deny = [] } = privilege;

  if (deny.some((role) => roles.has(role))) return 'privilege_missing';
  const enough = any.length + anyScope.length === 0 || any.some((role) => roles.has(role)) || anyScope.some((wanted) => hasScope(scopes, wanted));
  if (!every.every((role) => roles.has(role))) return 'privilege_missing';
  if (enough) return null;
  return any.length === 0 ? 'scope_missing' : 'privilege_missing';
}

/** { expect, privilege } for a caller, method and path; of a host, from an address, with a certificate. */
export function judge(policy, caller, method, path, where = {}) {
  const { host = 'localhost' } = where;
  if (ambiguous(policy, path, host)) return { expect: 'path_ambiguous' };
  const module = moduleOf(policy, path, host);
  const rows = applying(standings(policy, module?.case_sensitive === false), path, host);
  const { pattern } = deciding(rows, path) ?? {};
  const who = shown(caller, where);

  if (pattern === undefined) return { expect: policy.default === 'public' ? 'allow' : 'no_rule' };
  const here = rows.filter((row) => row.pattern === pattern);
  if (here.some(({ name }) => name === undefined)) return { expect: 'allow' };
  const name = here.map((row) => row.name).find((one) => grants(policy.privileges[one], method));
  const privilege = policy.privileges[name];
  if (who?.user && module?.basic === false) return { expect: 'basic_not_allowed', privilege: name };
  if (name === undefined) return { expect: who ? 'method_not_granted' : 'credentials_missing' };
  if (privilege.shadow) return { expect: 'allow', privilege: name };
  if (!who) return { expect: 'credentials_missing', privilege: name };
  const refused = refusal(policy, privilege, caller, where);
  if (refused) return { expect: refused, privilege: name };
  const written = writtenIn(policy, privilege).find((one) => canonical(one) === pattern);
  return { expect: matches(privilege, written, path, who.claims ?? who.token?.claims) ? 'allow' : 'claim_mismatch', privilege: name };
}
