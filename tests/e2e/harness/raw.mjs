// SPDX-License-Identifier: Apache-2.0
// A client that sends exactly the bytes it is given and reads answers strictly by itself: no HTTP
// library stands between a test and the gate.
import net from 'node:net';
import tls from 'node:tls';
import { PATIENCE_MS } from './wait.mjs';

/** Header lines to a map of lower-case names to arrays of values. */
function readHeaders(lines) {
  const headers = new Map();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`bad header line in an answer: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return headers;
}

/** Take a chunked body from the front of `bytes`: {body, used}, or null while incomplete. */
export function takeChunked(bytes) {
  const parts = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const line = bytes.subarray(at, end).toString('latin1');
    if (!/^[0-9a-f]+(;.*)?$/i.test(line)) throw new Error(`bad chunk size ${JSON.stringify(line)}`);
    const size = parseInt(line, 16);
    at = end + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return null;
    parts.push(bytes.subarray(at, at + size));
    if (bytes.subarray(at + size, at + size + 2).toString('latin1') !== '\r\n') {
      throw new Error('a chunk does not end in CRLF');
    }
    at += size + 2;
  }
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const last = end === at;
    at = end + 2;
    if (last) return { body: Buffer.concat(parts), used: at };
  }
}

function readHead(text) {
  const [line, ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: (.*))?$/.exec(line);
  if (!match) throw new Error(`bad status line: ${JSON.stringify(line)}`);
  const headers = readHeaders(lines);
  return {
    status: Number(match[2]),
    phrase: match[3],
    minor: Number(match[1]),
    headers,
    head: text,
    get: (name) => headers.get(name.toLowerCase())?.join(', '),
    all: (name) => headers.get(name.toLowerCase()) ?? [],
  };
}

/** One connection to the gate. */
export class Wire {
  #bytes = Buffer.alloc(0);
  #ended = false;
  #error = null;
  #wake = () => {};

  /** With `tls`, the options of tls.connect(): by TLS. */
  static async open(port, { tls: secure, ...options } = {}) {
    const wire = new Wire();
    const to = { port, host: '127.0.0.1', ...options };
    const socket = secure ? tls.connect({ ...to, ...secure }) : net.connect(to);
    wire.socket = socket;
    await new Promise((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      wire.#bytes = Buffer.concat([wire.#bytes, data]);
      wire.#wake();
    });
    socket.on('error', (error) => {
      wire.#error = error;
      wire.#wake();
    });
    socket.on('close', () => {
      wire.#ended = true;
      wire.#wake();
    });
    return wire;
  }

  /** Send bytes, or an array of pieces one after the other, each in a segment of its own. */
  async write(data) {
    for (const piece of Array.isArray(data) ? data : [data]) {
      if (this.#ended || this.socket.destroyed) return;
      await new Promise((resolve) => {
        this.socket.write(Buffer.from(piece, 'latin1'), () => setImmediate(resolve));
      });
    }
  }

  /** The bytes that came and were not taken yet. */
  get pending() {
    return this.#bytes;
  }

  /** Wait until `ready()` is not undefined; fail after PATIENCE_MS. */
  async #until(ready, what) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${what} did not come; have ${JSON.stringify(this.#bytes.toString('latin1').slice(0, 400))}`)),
        PATIENCE_MS,
      );
    });
    try {
      for (;;) {
        const woken = new Promise((resolve) => {
          this.#wake = resolve;
        });
        const found = ready();
        if (found !== undefined) return found;
        await Promise.race([woken, late]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Wait until at least `count` bytes came, or the end. */
  async bytes(count) {
    return this.#until(() => (this.#bytes.length >= count || this.#ended ? this.#bytes : undefined), 'bytes');
  }

  /** Read the head of the next answer and take it; null if the connection ended without one. */
  async head() {
    return this.#until(() => {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return this.#ended ? null : undefined;
      const head = readHead(this.#bytes.subarray(0, end).toString('latin1'));
      this.#bytes = this.#bytes.subarray(end + 4);
      return head;
    }, 'an answer');
  }

  #takeLength(length) {
    if (this.#bytes.length < length) {
      if (!this.#ended) return undefined;
      return { body: this.#bytes, complete: false };
    }
    const body = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return { body, complete: true };
  }

  #takeChunks() {
    const taken = takeChunked(this.#bytes);
    if (taken) {
      this.#bytes = this.#bytes.subarray(taken.used);
      return { body: taken.body, complete: true };
    }
    return this.#ended ? { body: this.#bytes, complete: false } : undefined;
  }

  /** The body that `head` announces: {body, complete}. `method` is the request's. */
  async body(head, method = 'GET') {
    const encoding = head.get('transfer-encoding');
    const length = head.get('content-length');
    if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) {
      return { body: Buffer.alloc(0), complete: true };
    }
    if (encoding !== undefined && length !== undefined) throw new Error('an answer with two framings');
    if (encoding === 'chunked') return this.#until(() => this.#takeChunks(), 'a chunked body');
    if (length !== undefined) return this.#until(() => this.#takeLength(Number(length)), 'a body');
    await this.ended();
    return this.#takeLength(this.#bytes.length);
  }

  /** Read one whole answer, after any 1xx; null if the connection ended without one. */
  async answer(method = 'GET') {
    const interim = [];
    for (;;) {
      const head = await this.head();
      if (head === null) return null;
      if (head.status >= 100 && head.status < 200 && head.status !== 101) {
        interim.push(head.status);
        continue;
      }
      const { body, complete } = await this.body(head, method);
      const text = body.toString('utf8');
      return { ...head, interim, body, text, complete, json: () => JSON.parse(text) };
    }
  }

  /** Wait for the other side's end: null after an orderly one, else the error. */
  async ended() {
    return this.#until(() => (this.#ended ? [this.#error] : undefined), 'the end of the connection')
      .then(([error]) => error);
  }

  /** Wait until the other side has ended the connection, in order or not. True, or it fails. */
  async isClosed() {
    await this.ended();
    return true;
  }

  close() {
    this.socket.destroy();
  }
}

/** Send bytes on a connection of their own and read one answer. */
export async function send(port, data, method = 'GET') {
  const wire = await Wire.open(port);
  try {
    await wire.write(data);
    return await wire.answer(method);
  } finally {
    wire.close();
  }
}

/** An honest request's text. `headers` is an object, or an array of lines to say them literally. */
export function requestText(port, { method = 'GET', target = '/', headers = {}, body = '', close = true } = {}) {
  const lines = Array.isArray(headers) ? headers : Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const own = [`Host: 127.0.0.1:${port}`];
  if (close) own.push('Connection: close');
  if (body.length > 0) own.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
  return `${method} ${target} HTTP/1.1\r\n${[...own, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** An honest request on a connection of its own, and its answer. */
export function ask(port, request = {}) {
  return send(port, requestText(port, request), request.method ?? 'GET');
}
