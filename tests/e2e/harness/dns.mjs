// SPDX-License-Identifier: Apache-2.0
// A name server of our own, and a gate that asks it: /etc/resolv.conf is replaced in a mount
// namespace of the gate's, which needs root.
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { makeGate } from './gate.mjs';

/** Why these tests cannot run here, or false. */
export function unableToName() {
  const done = spawnSync('unshare', ['-m', 'mount', '--bind', '/etc/resolv.conf', '/etc/resolv.conf']);
  return done.status === 0 ? false : 'a mount namespace needs root';
}

function nameIn(query) {
  const labels = [];
  for (let at = 12; query[at] > 0; at += query[at] + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
  return labels.join('.');
}

function answerTo(query, addresses, code) {
  const end = query.indexOf(0, 12) + 5;
  const type = query.readUInt16BE(end - 4);
  const found = type === 1 && code === 0 ? addresses : [];
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  const records = found.map((address) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]));
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

/**
 * A name server on port 53 of an address of loopback.
 * addresses: of every name. code: of its answers (3: no such name). hold: says nothing as long as it is true.
 * of: questions by name.
 */
export async function nameServer(t, addresses) {
  const socket = dgram.createSocket('udp4');
  const server = { addresses, code: 0, hold: false, asked: 0, of: {} };
  const held = [];
  const say = (query, peer) => socket.send(answerTo(query, server.addresses, server.code), peer.port, peer.address);
  socket.on('message', (query, peer) => {
    server.asked++;
    server.of[nameIn(query)] = (server.of[nameIn(query)] ?? 0) + 1;
    if (server.hold) held.push([query, peer]);
    else say(query, peer);
  });
  /** Answer what was asked meanwhile. */
  server.release = () => {
    server.hold = false;
    for (const [query, peer] of held.splice(0)) say(query, peer);
  };
  server.address = `127.53.${process.pid % 250}.${1 + Math.floor(Math.random() * 250)}`;
  socket.bind(53, server.address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return server;
}

/** So often a resolver asks for a name, for both families, until it gives up. */
export const QUESTIONS = 10;

/** A gate whose resolver asks `names`. */
export async function gateWithNames(t, names, options) {
  const gate = await makeGate(t, options);
  gate.write('resolv.conf', `nameserver ${names.address}\noptions timeout:30 attempts:5\n`);
  gate.spawn({}, ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path.join(gate.dir, 'resolv.conf')]);
  t.after(() => gate.stop());
  await gate.ready();
  return gate;
}
