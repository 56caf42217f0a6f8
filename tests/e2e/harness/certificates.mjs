// SPDX-License-Identifier: Apache-2.0
// Certificates made by openssl, in a directory of their own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { scratch } from './gate.mjs';

/** openssl 3.4 refuses a negative number of days; earlier ones know no other way. */
const EXPIRED = /-not_after/.test(spawnSync('openssl', ['x509', '-help'], { encoding: 'utf8' }).stderr) ? ['-not_before', '200101000000Z', '-not_after', '200201000000Z'] : ['-days', '-1'];

export class Certificates {
  constructor() {
    this.dir = scratch();
  }

  #openssl(...args) {
    const done = spawnSync('openssl', args, { cwd: this.dir, encoding: 'utf8' });
    assert.equal(done.status, 0, `openssl ${args.join(' ')}: ${done.stderr}`);
  }

  /**
   * Make NAME.pem and NAME.key. `by` is the name of whoever signs it, none: its own key; `names` are
   * alternative names as openssl writes them; an `expired` one was valid last year; an `authority` may sign others.
   */
  make(name, { subject = `/CN=${name}`, names, by, expired = false, authority = !by } = {}) {
    this.#openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const extensions = [names ? `subjectAltName=${names}` : '', authority ? 'basicConstraints=critical,CA:TRUE' : by ? '' : 'basicConstraints=critical,CA:FALSE'].filter((line) => line !== '');
    fs.writeFileSync(path.join(this.dir, `${name}.ext`), `${extensions.join('\n')}\n`);
    const signer = by ? ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'] : ['-signkey', `${name}.key`];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signer, ...(expired ? EXPIRED : ['-days', '30']), '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    return this;
  }

  /**
   * Make NAME.pem and NAME.key, signed by `by`, which end at `until` (Unix seconds); an `authority` may sign
   * others. Only `openssl ca`, with a database of its own, knows ends that are not days away in each release.
   */
  makeEnding(name, { subject = `/CN=${name}`, by, until, authority = false }) {
    const moment = (seconds) => `${new Date(seconds * 1000).toISOString().replace(/[-T:]/g, '').slice(0, 14)}Z`;
    fs.writeFileSync(this.path('database'), '');
    fs.writeFileSync(this.path('ca.cnf'), '[ca]\ndefault_ca=own\n[own]\ndatabase=database\nnew_certs_dir=.\ndefault_md=sha256\nrand_serial=yes\nunique_subject=no\npolicy=any\npreserve=yes\n[any]\ncommonName=optional\norganizationName=optional\n');
    this.#openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    fs.writeFileSync(this.path(`${name}.ext`), `basicConstraints=critical,CA:${authority ? 'TRUE' : 'FALSE'}\n`);
    this.#openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-extfile', `${name}.ext`, '-cert', `${by}.pem`, '-keyfile', `${by}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`, '-startdate', moment(until - 3600), '-enddate', moment(until));
    return this;
  }

  path(file) {
    return path.join(this.dir, file);
  }

  text(file) {
    return fs.readFileSync(this.path(file), 'utf8');
  }

  /** For node: the certificate and its key. */
  identity(name) {
    return { cert: this.text(`${name}.pem`), key: this.text(`${name}.key`) };
  }
}
