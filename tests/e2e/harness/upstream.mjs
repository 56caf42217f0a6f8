// SPDX-License-Identifier: Apache-2.0
// Upstreams: a raw socket that records every byte and answers what it is told to, and a real nginx.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { scratch } from './gate.mjs';
import { freePort } from './ports.mjs';
import { ask, takeChunked } from './raw.mjs';
import { eventually } from './wait.mjs';

/** A whole answer. `headers` are lines. */
export function answer(status, body = '', headers = []) {
  const lines = [`HTTP/1.1 ${status} Fine`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Take a complete request from the front of `bytes`, or null. Strict: the gate must be, too. */
function takeRequest(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const [line, ...lines] = head.split('\r\n');
  const [method, target, version] = line.split(' ');
  const headers = lines.map((text) => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon), text.slice(colon + 1).trim()];
  });
  const all = (name) => headers.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const request = { method, target, version, head, headers, all, get: (name) => all(name)[0] };
  const rest = bytes.subarray(end + 4);
  if (all('transfer-encoding').length > 0) {
    const taken = takeChunked(rest);
    if (!taken) return { ...request, incomplete: true };
    return { ...request, body: taken.body, used: end + 4 + taken.used };
  }
  const length = Number(request.get('content-length') ?? 0);
  if (rest.length < length) return { ...request, incomplete: true };
  return { ...request, body: rest.subarray(0, length), used: end + 4 + length };
}

class Recorder {
  connections = [];
  requests = [];

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Forget what was seen. */
  clear() {
    this.requests.length = 0;
    for (const connection of this.connections) connection.seen = Buffer.alloc(0);
  }

  /** Every byte seen since the last clear(). */
  bytes() {
    return Buffer.concat(this.connections.map((connection) => connection.seen)).toString('latin1');
  }

  /** Wait until so many complete requests came. */
  async until(count) {
    await eventually(() => this.requests.length >= count, `request ${count} at the upstream`);
  }
}

/**
 * A recording upstream.
 *
 * respond(request, connection) gives the bytes to answer with, or undefined to say nothing.
 * connection: {socket, seen, index, count}
 */
export async function recordingUpstream(t, respond = () => answer(200, '{"from":"upstream"}', ['Content-Type: application/json'])) {
  const recorder = new Recorder();
  const server = net.createServer((socket) => {
    const connection = { socket, seen: Buffer.alloc(0), index: recorder.connections.length, count: 0, closed: false };
    let waiting = Buffer.alloc(0);
    recorder.connections.push(connection);
    socket.on('error', () => {});
    socket.on('close', () => (connection.closed = true));
    socket.on('data', async (data) => {
      connection.seen = Buffer.concat([connection.seen, data]);
      waiting = Buffer.concat([waiting, data]);
      for (;;) {
        const request = takeRequest(waiting);
        if (!request || request.incomplete) {
          if (request && recorder.early) recorder.early(request, connection);
          return;
        }
        waiting = waiting.subarray(request.used);
        recorder.requests.push(request);
        connection.count++;
        const bytes = await recorder.respond(request, connection);
        if (bytes !== undefined && !socket.destroyed) socket.write(bytes);
      }
    });
  });
  recorder.respond = respond;
  recorder.server = server;
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  recorder.port = server.address().port;
  /** Close every connection, so that the next request comes on a new one. */
  recorder.dropAll = () => eventually(() => {
    for (const connection of recorder.connections) connection.socket.destroy();
    return recorder.connections.every((connection) => connection.closed);
  }, 'the end of the connections');
  recorder.stop = () => {
    for (const connection of recorder.connections) connection.socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  t.after(() => recorder.stop());
  return recorder;
}

/** A port on which nobody listens. */
export async function deadUrl() {
  return `http://127.0.0.1:${await freePort()}`;
}

/** A real nginx serving `files` (path: text): {url, dir}. */
export async function nginxUpstream(t, files) {
  const dir = scratch(t);
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, 'www', name)), { recursive: true });
    fs.writeFileSync(path.join(dir, 'www', name), text);
  }
  // When root starts nginx its workers are another user, who must get at the files.
  fs.chmodSync(dir, 0o755);
  fs.writeFileSync(path.join(dir, 'nginx.conf'), `
    daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
    events { worker_connections 256; }
    http {
      access_log off; default_type application/json; client_max_body_size 0;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
      server { listen 127.0.0.1:${port}; root ${dir}/www; }
    }`);
  const child = spawn('nginx', ['-p', dir, '-c', path.join(dir, 'nginx.conf'), '-e', path.join(dir, 'error.log')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  let complaint = '';
  child.stderr.on('data', (data) => (complaint += data));
  let gone = false;
  const exit = once(child, 'close').then(() => (gone = true), (error) => { gone = true; complaint += error.message; });
  t.after(async () => {
    child.kill('SIGTERM');
    await exit;
  });
  await eventually(() => {
    if (gone) throw new Error(`nginx did not start: ${complaint}`);
    return ask(port).catch(() => null);
  }, 'an answer of nginx');
  return { url: `http://127.0.0.1:${port}`, dir, port };
}
