// SPDX-License-Identifier: Apache-2.0
// Policies, requests and callers made at random: the same ones for the same seed.
import { canonical, judge, rolesOf } from './oracle.mjs';

const SEGMENTS = ['a', 'b', 'A', 'a!', 'a%21', '%C3%A4'];
/** A request may spell them in other ways. */
const SPELT = [...SEGMENTS, '%c3%a4', '%61', '%41', 'c', '5', 'ab', 'a.b', 'abb!'];
/** Where a module ignores case there is no other spelling of a literal. */
const ONE_CASE = [['a', 'b', 'a!', 'a%21', '%C3%A4', 'k', 'ss'], ['A', 'b', 'a!', 'a%21', '%C3%A4', 'K', 'Ss']];
/** What may be ambiguous: full-width letters, the Kelvin sign, the long s, the sharp s, a parameter, a dot at the end; and what is not. */
const ODD = ['a;x', 'a%3bx', 'b.', '%EF%BD%81', '%EF%BC%A1', '%E2%84%AA', '%C5%BF%C5%BF', '%C3%9F', 'k', 'sS', '%C3%84', 'x%C3%9Fy'];
/** With different lengths of text: two of the same could match one path, which would be a mistake. */
const INSIDE = ['*', 'a*', '*b!', 'a*b!', '{t}', '{t}', '{t}', '{u}'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
export const ROLES = ['r0', 'r1', 'r2', 'r3', 'r4'];
export const SCOPES = ['orders:read', 'orders:write', 'orders', 'x.y', 'x/y', 'z'];
const ISSUERS = ['one', 'two', 'kc', 'kc:acme'];
export const CALLERS = ['one', 'two', 'kc:acme', 'kc:globex'];
const PREFIXES = ['orders:*', 'x.*', 'x/*'];
const GROUPS = ['g0', 'g1', 'G0'];
export const NAMES = ['robot', 'ann', 'Ann'];

const NETWORKS = ['10.0.0.0/8', '10.1.2.0/24', '192.0.2.7', '0.0.0.0/0', 'unix'];
const PEERS = [undefined, '10.1.2.3', '10.1.3.3', '192.0.2.7', '192.0.2.8', 'unix'];
/** One subject in several spellings, and others that are like it. */
const SUBJECTS = ['CN=partner,O=Big\\, Co', 'cn=partner, o=Big\\2c Co', 'Cn = partner ,O = Big\\2C Co', 'CN=Partner,O=Big\\, Co', 'O=Big\\, Co,CN=partner', 'CN=partner+O=Big\\, Co', 'CN=other', 'CN=partner'];
const HOSTS = ['a.test', 'b.test', '*.test', '*.b.test'];
const ASKED = [undefined, 'a.test', 'A.Test:8080', 'b.test.', 'c.test', 'x.b.test', 'x.y.test', 'test', 'localhost'];

/** What is drawn by a roll of the dice. */
export class Draw {
  constructor(roll) {
    this.roll = roll;
  }

  one(of) {
    return of[this.roll(of.length)];
  }

  chance(in_) {
    return this.roll(in_) === 0;
  }

  some(of, most) {
    return [...new Set(Array.from({ length: 1 + this.roll(most) }, () => this.one(of)))];
  }

  /** One, or a list. */
  either(of) {
    return this.chance(3) ? this.some(of, 2) : this.one(of);
  }

  pattern() {
    const segments = Array.from({ length: this.roll(4) }, () => (this.chance(3) ? this.one(INSIDE) : this.one(this.literals)));
    if (segments.length === 0 || this.chance(2)) segments.push('*');
    // A name stands once in a pattern.
    return `/${segments.map((one, i) => (one[0] === '{' && segments.indexOf(one) < i ? '*' : one)).join('/')}`;
  }

  path() {
    const segments = Array.from({ length: this.roll(4) }, () => this.one(this.chance(12) ? ODD : SPELT));
    return `/${segments.join('/')}${segments.length > 0 && this.chance(5) ? '/' : ''}`;
  }

  line() {
    const line = {};
    if (!this.chance(3)) line.issuer = this.one([...ISSUERS, 'local']);
    if (this.chance(3)) line.scope = this.either([...SCOPES, ...PREFIXES]);
    if (this.chance(4) && line.issuer !== 'local') line.group = this.either(GROUPS);
    if (this.chance(4) && line.issuer !== 'local') line.role = this.either(GROUPS);
    if (this.chance(4)) {
      line.claim = this.one(['/dept', '/deep/er', '/level']);
      const kind = this.roll(4);
      if (kind === 0) line.equals = this.either(['sales', 'true', '5', 'false']);
      if (kind === 1) line.prefix = this.one(['sa', 's', '5']);
      if (kind === 2) line.exists = true;
    }
    if (this.chance(5)) line.client = this.one(NAMES);
    else if (this.chance(6) && Object.keys(line).length === 0) line.user = this.one(NAMES);
    if (this.chance(6)) line.peer = this.one(NETWORKS);
    if (this.chance(6)) line.certificate = this.one(SUBJECTS);
    if (Object.keys(line).length === 0) line.scope = this.one(SCOPES);
    return line;
  }

  privilege(modules) {
    const privilege = this.chance(2) && modules.length > 0 ? { modules: this.some(modules, 2) } : { paths: this.patterns(2) };
    if (this.chance(2)) privilege.methods = this.some(METHODS, 3);
    if (!this.chance(4)) privilege.roles = this.some(ROLES, 2);
    if (this.chance(3)) privilege.scopes = this.some([...SCOPES, ...PREFIXES], 2);
    if (this.chance(4)) privilege.all_roles = this.some(ROLES, 2);
    const others = ROLES.filter((role) => !privilege.roles?.includes(role) && !privilege.all_roles?.includes(role));
    if (this.chance(4)) privilege.deny = this.some(others, 1);
    if (this.chance(8)) privilege.shadow = true;
    return privilege;
  }

  patterns(most) {
    return [...new Map(Array.from({ length: 1 + this.roll(most) }, () => this.pattern()).map((one) => [canonical(one), one])).values()];
  }

  /** Which names each of these patterns has. */
  match(patterns) {
    const names = ['t', 'u'].filter((name) => patterns.every((one) => one.split('/').filter((segment) => segment === `{${name}}`).length === 1));
    return names.length === 0 || this.chance(3) ? undefined : Object.fromEntries(names.map((name) => [name, this.one(['/tid', '/deep/er'])]));
  }

  /** A policy without the mistakes that `check` knows: what would be one is left out. */
  policy() {
    const oneCase = this.chance(3);
    this.literals = oneCase ? this.one(ONE_CASE) : SEGMENTS;
    const policy = { roles: {}, modules: {}, privileges: {}, public: [], default: this.chance(4) ? 'public' : 'deny' };
    for (const role of ROLES) policy.roles[role] = this.chance(5) ? {} : { granted_to: Array.from({ length: 1 + this.roll(3) }, () => this.line()) };
    const taken = new Set();
    for (let i = this.roll(4); i > 0; i--) {
      const hosts = this.chance(2) ? this.some(HOSTS, 2) : undefined;
      const places = (one) => (hosts ?? ['']).map((host) => `${host} ${canonical(one)}`);
      const paths = this.patterns(2).filter((one) => !places(one).some((place) => taken.has(place)));
      paths.flatMap(places).forEach((place) => taken.add(place));
      const more = { ...(hosts ? { hosts } : {}), ...(oneCase && !hosts && !this.chance(3) ? { case_sensitive: false } : {}), ...(this.chance(5) ? { basic: false } : {}), ...(this.chance(4) ? { path_allow: this.some(['semicolon', 'trailing_dot'], 2) } : {}) };
      if (paths.length > 0) policy.modules[`m${i}`] = { paths, ...more };
    }
    const methodsOf = new Map();
    for (let i = 1 + this.roll(6); i > 0; i--) {
      const privilege = this.privilege(Object.keys(policy.modules));
      const modules = (privilege.modules ?? []).map((one) => policy.modules[one]);
      const written = [...(privilege.paths ?? []), ...modules.flatMap(({ paths }) => paths)];
      const places = [...(privilege.paths ?? []).map((one) => ` ${canonical(one)}`), ...modules.flatMap(({ paths, hosts = [''] }) => paths.flatMap((one) => hosts.map((host) => `${host} ${canonical(one)}`)))];
      const methods = privilege.methods ?? ['*'];
      const clash = places.some((one) => methodsOf.has(one) && (methods[0] === '*' || methodsOf.get(one).has('*') || methods.some((method) => methodsOf.get(one).has(method))));
      if (clash) continue;
      privilege.match = this.match(written);
      policy.privileges[`p${i}`] = privilege;
      for (const one of places) methodsOf.set(one, new Set([...(methodsOf.get(one) ?? []), ...methods]));
    }
    if (this.chance(2)) policy.public = this.patterns(2).filter((one) => !methodsOf.has(` ${canonical(one)}`));
    return policy;
  }

  claims() {
    const claims = {};
    if (!this.chance(3)) claims.scope = this.chance(3) ? this.some(SCOPES, 3) : this.some(SCOPES, 3).join(' ');
    if (this.chance(2)) claims.groups = this.some([...GROUPS, 5], 3);
    if (this.chance(2)) claims.roles = this.some(GROUPS, 3);
    if (this.chance(2)) claims.dept = this.one(['sales', 'sa', true, false, null, 5, ['sales', 'x'], [false], { sales: 1 }, 's']);
    if (this.chance(2)) claims.deep = this.one([{ er: 'sales' }, { er: false }, {}, 'sales', { er: [true, '5'] }]);
    if (this.chance(3)) claims.level = this.one([5, '5', false, 'sales']);
    if (!this.chance(3)) claims.tid = this.one(['a', 'A', 'b', 'ä', 'a!', 5, '5', ['a', 'b'], ['ab', 5], true, '', null]);
    if (this.chance(3)) claims.azp = this.one(NAMES);
    return claims;
  }

  caller() {
    const roles = () => (this.chance(2) ? [] : this.some(ROLES, 2));
    switch (this.roll(6)) {
      case 0: return 'anonymous';
      case 1: return { client: this.one([...NAMES, 'other']), roles: roles(), ...(this.chance(2) ? { claims: { scope: this.some(SCOPES, 2).join(' '), tid: this.one(['a', 'b', 5]) } } : {}) };
      case 2: return { user: this.one([...NAMES, 'other']), roles: roles() };
      case 3: return { roles: this.some(ROLES, 3), ...(this.chance(2) ? { scopes: this.some(SCOPES, 2) } : {}), ...(this.chance(2) ? { claims: { tid: this.one(['a', 'b', 5]), deep: { er: 'b' } } } : {}) };
      default: return { issuer: this.one(CALLERS), claims: this.claims() };
    }
  }

  /** Of which host, from where, with which certificate. */
  where() {
    return { host: this.one(ASKED), peer: this.one(PEERS), certificate: this.chance(2) ? undefined : this.one(SUBJECTS) };
  }

  /** A request, and what is to come of it. */
  case_(policy, number) {
    const caller = this.caller();
    const method = this.one([...METHODS, 'HEAD', 'OPTIONS']);
    const target = this.path();
    const where = this.where();
    const judged = judge(policy, caller, method, target, where);
    const roles = [...rolesOf(policy, caller, where)];
    return {
      name: `${number}`, caller, request: `${method} ${target}`, ...where, ...judged,
      ...(roles.length > 0 && judged.privilege && judged.expect !== 'basic_not_allowed' ? { role: this.one(roles) } : {}),
    };
  }
}

/** A policy as a number of files: what is in each is left to the dice. */
export function parts(draw, policy) {
  const files = Array.from({ length: 1 + draw.roll(3) }, () => ({}));
  for (const key of ['roles', 'modules', 'privileges'])
    for (const [name, value] of Object.entries(policy[key])) (draw.one(files)[key] ??= {})[name] = value;
  for (const one of policy.public) (draw.one(files).public ??= []).push(one);
  draw.one(files).default = policy.default;
  return files.filter((file) => Object.keys(file).length > 0);
}
