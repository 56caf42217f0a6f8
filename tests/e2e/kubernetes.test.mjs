// SPDX-License-Identifier: Apache-2.0
// deploy/kubernetes: right by the schemas of Kubernetes, no way around the gate, and a configuration
// that the gate itself takes. There is no cluster here: nothing was started from it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { run, scratch } from './harness/gate.mjs';

const DIR = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../deploy/kubernetes');
const require = createRequire(import.meta.url);
// What the package calls them; it has no public name for a schema without its class.
const SCHEMAS = {
  'apps/v1 Deployment': 'IoK8sApiAppsV1Deployment',
  'networking.k8s.io/v1 NetworkPolicy': 'IoK8sApiNetworkingV1NetworkPolicy',
  'v1 ConfigMap': 'IoK8sApiCoreV1ConfigMap',
  'v1 Service': 'IoK8sApiCoreV1Service',
  'v1 ServiceAccount': 'IoK8sApiCoreV1ServiceAccount',
};

const isObject = (value) => value !== null && typeof value === 'object';

/** The value, watched: `seen` gets the path of each member that is asked for. */
function watched(value, seen, at = '') {
  if (!isObject(value)) return value;
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(target, key)) seen.add(`${at}/${key}`);
      return watched(target[key], seen, `${at}/${String(key)}`);
    },
  });
}

const pathsOf = (value, at = '') => !isObject(value) ? [] : Object.entries(value).flatMap(([key, member]) => [`${at}/${key}`, ...pathsOf(member, `${at}/${key}`)]);

/** What is wrong with a manifest. A member that its schema never asks for is one that Kubernetes does not have. */
function mistakes(manifest) {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  if (!SCHEMAS[kind]) return [`${kind}: unknown kind`];
  const { validate } = require(`./node_modules/kubernetes-models/_schemas/${SCHEMAS[kind]}.js`);
  const seen = new Set();
  const found = validate(watched(manifest, seen)) ? [] : validate.errors.map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`);
  return [...found, ...pathsOf(manifest).filter((at) => !seen.has(at)).map((at) => `${at}: unknown`)];
}

/** The manifests of a file. */
function manifestsOf(name) {
  return parseAllDocuments(fs.readFileSync(path.join(DIR, name), 'utf8')).map((document) => {
    assert.deepEqual([document.errors, document.warnings], [[], []]);
    return document.toJS();
  });
}

const FILES = fs.readdirSync(DIR).filter((name) => name.endsWith('.yaml'));
const workloadOf = (manifests) => manifests.find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));
const MAIN = manifestsOf('postern.yaml');

for (const file of FILES) {
  test(`deploy/kubernetes/${file}`, async (t) => {
    const manifests = manifestsOf(file);
    const of = (kind) => manifests.find((manifest) => manifest.kind === kind);
    const pod = workloadOf(manifests).spec.template;
    const gate = pod.spec.initContainers.find(({ name }) => name === 'postern');
    const configuration = of('ConfigMap').data;

    for (const manifest of manifests) {
      await t.test(`${manifest.kind} ${manifest.metadata.name} is right by its schema`, () => assert.deepEqual(mistakes(manifest), []));
    }
    await t.test('the gate is a native sidecar with three probes', () => {
      assert.equal(gate.restartPolicy, 'Always');
      assert.deepEqual(gate.readinessProbe.httpGet, { path: '/readyz', port: 'metrics' });
      for (const probe of ['startupProbe', 'livenessProbe']) assert.deepEqual(gate[probe].httpGet, { path: '/livez', port: 'metrics' }, 'an identity provider that is down must not restart the gate');
    });
    await t.test('no container may do more than it must', () => {
      assert.deepEqual([pod.spec.securityContext.runAsNonRoot, pod.spec.securityContext.seccompProfile.type], [true, 'RuntimeDefault']);
      assert.notEqual(pod.spec.securityContext.runAsUser, 0);
      assert.equal(pod.spec.securityContext.fsGroupChangePolicy, 'OnRootMismatch', 'else a signing key becomes readable by the group, and is refused');
      assert.equal(pod.spec.automountServiceAccountToken, false);
      for (const name of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) assert.equal(pod.spec[name], undefined);
      for (const container of [...pod.spec.initContainers, ...pod.spec.containers]) {
        assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }, container.name);
      }
    });
    await t.test('there is no way to the API but through the gate', () => {
      assert.match(configuration['postern.yaml'], /^upstream: http:\/\/127\.0\.0\.1:9000$/m);
      assert.match(configuration['postern.yaml'], /^admin: \{address: 127\.0\.0\.1:/m);
      const [api, ...more] = pod.spec.containers;
      assert.deepEqual(more, []);
      assert.equal(api.ports, undefined);
      assert.deepEqual(api.env, [{ name: 'LISTEN', value: '127.0.0.1:9000' }]);
      assert.match(configuration['postern.yaml'], /^metrics: \{address: 0\.0\.0\.0:9902\}$/m);
      assert.deepEqual(gate.ports, [{ name: 'gate', containerPort: 8080 }, { name: 'metrics', containerPort: 9902 }]);
      assert.deepEqual(of('Service').spec.ports.map(({ targetPort }) => targetPort), ['gate']);
      assert.deepEqual(of('NetworkPolicy').spec.ingress, [
        { ports: [{ port: 'gate', protocol: 'TCP' }] },
        { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }], ports: [{ port: 'metrics', protocol: 'TCP' }] },
      ]);
      for (const selector of [of('Service').spec.selector, of('NetworkPolicy').spec.podSelector.matchLabels, workloadOf(manifests).spec.selector.matchLabels]) {
        assert.deepEqual(selector, pod.metadata.labels);
      }
    });
    await t.test('what is mounted is there, and secrets are in no ConfigMap', () => {
      const volumes = Object.fromEntries(pod.spec.volumes.map((volume) => [volume.name, volume]));
      for (const { name, subPath } of gate.volumeMounts) {
        assert.ok(volumes[name], name);
        assert.equal(subPath, undefined, 'a subPath never changes');
      }
      assert.equal(volumes.configuration.configMap.name, of('ConfigMap').metadata.name);
      assert.equal(volumes.issuer.secret.secretName, 'postern-issuer');
      assert.equal(of('Secret'), undefined);
    });
    await t.test('`postern check` finds nothing wrong with its configuration', async () => {
      const dir = scratch(t);
      fs.mkdirSync(path.join(dir, 'state'), { mode: 0o700 });
      fs.writeFileSync(path.join(dir, 'bearer'), 'bearer\n');
      assert.equal(spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=ca', '-keyout', path.join(dir, 'ca.key'), '-out', path.join(dir, 'ca.pem')]).status, 0);
      for (const [name, text] of Object.entries(configuration)) {
        fs.writeFileSync(path.join(dir, name), text.replaceAll('/run/secrets/issuer', dir).replaceAll('/var/lib/postern', path.join(dir, 'state')));
      }
      const done = await run(['check', '-c', path.join(dir, 'postern.yaml')]);
      assert.deepEqual([done.code, done.stderr], [0, '']);
    });
  });
}

test('a broken manifest is refused', async (t) => {
  const gateOf = (manifest) => manifest.spec.template.spec.initContainers[0];
  const breaks = {
    'a misspelt member': [(d) => (gateOf(d).readinesProbe = {}), '/spec/template/spec/initContainers/0/readinesProbe: unknown'],
    'a member in the wrong place': [(d) => (gateOf(d).runAsNonRoot = true), '/spec/template/spec/initContainers/0/runAsNonRoot: unknown'],
    'a port that is a text': [(d) => (gateOf(d).ports[0].containerPort = 'gate'), '/spec/template/spec/initContainers/0/ports/0/containerPort: type'],
    'a container without a name': [(d) => delete gateOf(d).name, '/spec/template/spec/initContainers/0: required'],
    'no selector': [(d) => delete d.spec.selector, '/spec: required'],
    'an old version': [(d) => (d.apiVersion = 'apps/v1beta1'), 'apps/v1beta1 Deployment: unknown kind'],
    'one probe as a list': [(d) => (gateOf(d).livenessProbe = []), '/spec/template/spec/initContainers/0/livenessProbe: type'],
  };
  for (const [name, [breakIt, mistake]] of Object.entries(breaks)) {
    await t.test(name, () => {
      const deployment = structuredClone(workloadOf(MAIN));
      breakIt(deployment);
      assert.ok(mistakes(deployment).includes(mistake), mistakes(deployment).join('\n'));
    });
  }
});
