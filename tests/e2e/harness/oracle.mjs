// SPDX-License-Identifier: Apache-2.0
// The policy as docs/policy.md words it, once more and as plainly as it can be said: what is allowed, and
// else why not. It shares nothing with the gate.

/** Escapes are compared decoded; a trailing slash is ignored. */
const segmentsOf = (path) => path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);
export const canonical = (pattern) => segmentsOf(pattern).join('/');

/** How a pattern matches: for each segment 3 (literal) or 2 (`*`), then 1 for a last `/*`; null: it does not. */
function rank(pattern, path) {
  const wanted = segmentsOf(pattern);
  const given = segmentsOf(path);
  const tail = wanted.at(-1) === '*' && pattern.endsWith('/*');
  const fixed = tail ? wanted.slice(0, -1) : wanted;

  if (tail ? given.length < fixed.length : given.length !== fixed.length) return null;
  if (!fixed.every((segment, i) => segment === '*' || segment === given[i])) return null;
  // The end itself is as good as a literal: `/a` is more specific than `/a/*`.
  return [...fixed.map((segment) => (segment === '*' ? 2 : 3)), tail ? 1 : 3];
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

function lineHolds(line, who) {
  const { token } = who;
  const claims = token?.claims ?? {};
  const third = token && token.issuer !== 'local';
  const all = (key, given) => list(line[key]).every((one) => given.includes(one));

  if ('issuer' in line && token?.issuer !== line.issuer) return false;
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

/** The roles of a caller. */
export function rolesOf(policy, caller) {
  const who = shown(caller);
  if (!who) return new Set();
  const named = caller.issuer || caller.client || caller.user;
  return new Set(Object.entries(policy.roles)
    .filter(([role, { granted_to: lines = [] }]) => who.granted.includes(role) || (named && lines.some((line) => lineHolds(line, who))))
    .map(([role]) => role));
}

/** Which privileges stand on which pattern. */
function standings(policy) {
  const rows = [];
  for (const [name, privilege] of Object.entries(policy.privileges)) {
    const patterns = [...(privilege.paths ?? []), ...(privilege.modules ?? []).flatMap((module) => policy.modules[module].paths)];
    for (const pattern of new Set(patterns.map(canonical))) rows.push([`/${pattern}`, name]);
  }
  return rows;
}

const grants = (privilege, method) => !privilege.methods || privilege.methods.includes(method) || (method === 'HEAD' && privilege.methods.includes('GET'));

function refusal(policy, privilege, caller) {
  const roles = rolesOf(policy, caller);
  const scopes = words(shown(caller).token?.claims.scope);
  const { roles: any = [], scopes: anyScope = [], all_roles: every = [], deny = [] } = privilege;

  if (deny.some((role) => roles.has(role))) return 'privilege_missing';
  const enough = any.length + anyScope.length === 0 || any.some((role) => roles.has(role)) || anyScope.some((wanted) => hasScope(scopes, wanted));
  if (!every.every((role) => roles.has(role))) return 'privilege_missing';
  if (enough) return null;
  return any.length === 0 ? 'scope_missing' : 'privilege_missing';
}

/** { expect, privilege } for a caller, method and path. */
export function judge(policy, caller, method, path) {
  const rows = standings(policy);
  const open = (policy.public ?? []).map((one) => `/${canonical(one)}`);
  const pattern = deciding([...rows, ...open.map((one) => [one])], path);

  if (pattern === undefined) return { expect: policy.default === 'public' ? 'allow' : 'no_rule' };
  if (open.includes(pattern)) return { expect: 'allow' };
  const name = rows.filter(([one]) => one === pattern).map(([, one]) => one).find((one) => grants(policy.privileges[one], method));
  if (name === undefined) return { expect: caller === 'anonymous' ? 'credentials_missing' : 'method_not_granted' };
  const privilege = policy.privileges[name];
  if (privilege.shadow) return { expect: 'allow', privilege: name };
  if (caller === 'anonymous') return { expect: 'credentials_missing', privilege: name };
  return { expect: refusal(policy, privilege, caller) ?? 'allow', privilege: name };
}
