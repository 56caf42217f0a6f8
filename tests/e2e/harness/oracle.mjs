// SPDX-License-Identifier: Apache-2.0
// The policy as docs/policy.md words it, once more and as plainly as it can be said: what is allowed, and
// else why not. It shares nothing with the gate.

/** Escapes are compared decoded; a trailing slash is ignored. */
const segmentsOf = (path) => path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);

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

/** How a canonical pattern matches: of each segment, then 1 for a last `*`; null: it does not. */
function rank(pattern, path) {
  const wanted = pattern.split('/');
  const given = segmentsOf(path);
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

/** The most specific of some [pattern, …] rows that match. */
function deciding(rows, path) {
  let best = null;
  for (const row of rows) {
    const ranked = rank(row[0], path);
    if (ranked && (!best || better(ranked, best.ranked))) best = { ranked, row };
  }
  return best?.row[0];
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

/** What a caller of a case shows: { token: {issuer, claims} or null, client, user, granted }. */
function shown(caller) {
  if (caller === 'anonymous') return null;
  if (caller.issuer) return { token: { issuer: caller.issuer, claims: caller.claims ?? {} }, granted: [] };
  if (caller.client) return { token: { issuer: 'local', claims: caller.claims ?? {} }, client: caller.client, granted: caller.roles ?? [] };
  if (caller.user) return { token: null, user: caller.user, granted: caller.roles ?? [] };
  return { token: null, granted: caller.roles };
}

/** Is an IPv4 address in a network? `unix` is its own. */
function inNetwork(peer, network) {
  if (peer === undefined || peer === 'unix' || network === 'unix') return peer === network;
  const number = (address) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const [base, bits = 32] = network.split('/');
  const size = 2 ** (32 - bits);
  return Math.floor(number(peer) / size) === Math.floor(number(base) / size);
}

function lineHolds(line, who, peer) {
  const { token } = who;
  const claims = token?.claims ?? {};
  const third = token && token.issuer !== 'local';
  const all = (key, given) => list(line[key]).every((one) => given.includes(one));

  if ('issuer' in line && token?.issuer !== line.issuer) return false;
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

/** The roles of a caller at an address. */
export function rolesOf(policy, caller, { peer } = {}) {
  const who = shown(caller);
  if (!who) return new Set();
  // Of somebody who is told by roles alone only the place is known: a line that asks for no more holds.
  const named = caller.issuer || caller.client || caller.user;
  return new Set(Object.entries(policy.roles)
    .filter(([role, { granted_to: lines = [] }]) => who.granted.includes(role) || lines.some((line) => (named || Object.keys(line).join() === 'peer') && lineHolds(line, who, peer)))
    .map(([role]) => role));
}

/** The patterns of a privilege as they are written. */
const writtenIn = (policy, privilege) => [...(privilege.paths ?? []), ...(privilege.modules ?? []).flatMap((module) => policy.modules[module].paths)];

/** Which privileges stand on which pattern, for which host (`undefined`: every one): [pattern, privilege, host]. */
function standings(policy) {
  const rows = [];
  for (const [name, privilege] of Object.entries(policy.privileges)) {
    for (const pattern of new Set((privilege.paths ?? []).map(canonical))) rows.push([pattern, name]);
    for (const { paths, hosts = [undefined] } of (privilege.modules ?? []).map((one) => policy.modules[one]))
      for (const pattern of paths) for (const host of hosts) rows.push([canonical(pattern), name, host]);
  }
  return rows;
}

const hostName = (host) => host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');

/** What counts for a host, group by group: exactly this one, `*` for its first label, every host. */
function groups(rows, host) {
  const name = hostName(host);
  const star = `*.${name.split('.').slice(1).join('.')}`;
  return [name, star, undefined].map((wanted) => rows.filter(([, , one]) => one === wanted));
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
  const scopes = words(shown(caller).token?.claims.scope);
  const { roles: any = [], scopes: anyScope = [], all_roles: every = [], deny = [] } = privilege;

  if (deny.some((role) => roles.has(role))) return 'privilege_missing';
  const enough = any.length + anyScope.length === 0 || any.some((role) => roles.has(role)) || anyScope.some((wanted) => hasScope(scopes, wanted));
  if (!every.every((role) => roles.has(role))) return 'privilege_missing';
  if (enough) return null;
  return any.length === 0 ? 'scope_missing' : 'privilege_missing';
}

/** { expect, privilege } for a caller, method and path; of a host, from an address. */
export function judge(policy, caller, method, path, { host = 'localhost', peer } = {}) {
  const open = (policy.public ?? []).map(canonical);
  const all = [...standings(policy), ...open.map((one) => [one])];
  const rows = groups(all, host).find((group) => deciding(group, path) !== undefined) ?? [];
  const pattern = deciding(rows, path);

  if (pattern === undefined) return { expect: policy.default === 'public' ? 'allow' : 'no_rule' };
  if (rows.some(([one, name]) => one === pattern && name === undefined)) return { expect: 'allow' };
  const name = rows.filter(([one]) => one === pattern).map(([, one]) => one).find((one) => grants(policy.privileges[one], method));
  if (name === undefined) return { expect: caller === 'anonymous' ? 'credentials_missing' : 'method_not_granted' };
  const privilege = policy.privileges[name];
  if (privilege.shadow) return { expect: 'allow', privilege: name };
  if (caller === 'anonymous') return { expect: 'credentials_missing', privilege: name };
  const refused = refusal(policy, privilege, caller, { peer });
  if (refused) return { expect: refused, privilege: name };
  const written = writtenIn(policy, privilege).find((one) => canonical(one) === pattern);
  return { expect: matches(privilege, written, path, shown(caller).token?.claims) ? 'allow' : 'claim_mismatch', privilege: name };
}
