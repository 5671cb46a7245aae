// Follows changes by the stock gRPC client of Node: node grpc-watch.mjs HOST:PORT FOLDER-OF-PROTO-FILES. Exits with 1 at the first
// surprise. The server keeps little history.
import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, folder] = process.argv.slice(2);
const options = { keepCase: true, longs: String, enums: String, defaults: false, oneofs: true, includeDirs: [folder] };
const { kvs } = grpc.loadPackageDefinition(loader.loadSync(path.join(folder, 'kvs.proto'), options));
const credentials = grpc.credentials.createInsecure();
const client = new kvs.v1.Kvs(address, credentials);
const bytes = text => Buffer.from(text);

const call = (method, request) => new Promise((resolve, reject) =>
  client[method](request, (error, answer) => error ? reject(error) : resolve(answer)));

// What a stream tells, one message at a time; its end is an error with a code, or null.
class Reader {
  constructor(stream) {
    this.stream = stream;
    this.changes = [];
    this.position = undefined;
    this.ended = new Promise(resolve => stream.on('error', resolve).on('end', () => resolve(null)));
    stream.on('data', message => {
      this.changes.push(...(message.changes ?? []));
      this.position = message.position;
      stream.emit('told');
    });
  }

  async until(holds) {
    while (!holds(this)) {
      const error = await Promise.race([once(this.stream, 'told'), this.ended]);
      assert.ok(Array.isArray(error), `the stream ended: ${error}`);
    }

    return this;
  }
}

const watch = (request, from = client, extra = {}) => new Reader(from.Watch(request, new grpc.Metadata(), extra));
const numbered = (prefix, from, to) => Array.from({ length: to - from }, (_, n) => `${prefix}${String(from + n).padStart(6, '0')}`);
const keysOf = reader => reader.changes.map(change => change.key.toString());
const setAll = (keys, value = bytes('v')) => call('Batch', { operations: keys.map(key => ({ set: { key: bytes(key), value } })) });

const checks = {
  async 'a watch tells its position, then each change with what it is'() {
    const { version } = await call('Set', { key: bytes('k0'), value: bytes('before') });
    const reader = await watch({ key: bytes('k') }).until(({ position }) => position);
    assert.deepEqual(reader.position.version, version);
    await call('Set', { key: bytes('k'), value: bytes('1'), content_type: 'text/plain', expiry: { ttl_ms: 3600000 } });
    await call('Set', { key: bytes('k2'), value: bytes('not wanted') });
    await call('Remove', { key: bytes('k') });
    await call('Set', { key: bytes('k'), value: bytes('2'), expiry: { ttl_ms: 1 } });
    await reader.until(({ changes }) => changes.length >= 4);
    const [set, removed, again, expired] = reader.changes;
    assert.deepEqual([set, removed, again, expired].map(({ kind }) => kind),
      ['KIND_SET', 'KIND_REMOVED', 'KIND_SET', 'KIND_EXPIRED']);
    assert.equal(set.value.toString(), '1');
    assert.equal(set.content_type, 'text/plain');
    assert.ok(Number(set.expires_at_unix_ms) > Date.now());
    assert.equal(removed.content_type ?? '', '');
    reader.stream.cancel();
    assert.equal((await reader.ended).code, grpc.status.CANCELLED);

    const behind = await watch({ prefix: bytes('k'), since: set.position, keys_only: true }).until(({ changes }) => changes.length >= 4);
    assert.deepEqual(keysOf(behind), ['k2', 'k', 'k', 'k']);
    assert.equal(behind.changes[0].value?.length ?? 0, 0);
    behind.stream.cancel();
  },

  async 'a watch goes on behind a broken connection, each change once and in order, also within a batch'() {
    const [host, port] = address.split(':');
    const sockets = new Set();
    const proxy = net.createServer(near => {
      const far = net.connect(Number(port), host);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {}).on('close', () => { near.destroy(); far.destroy(); sockets.delete(socket); });
      }

      near.pipe(far).pipe(near);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const through = `127.0.0.1:${proxy.address().port}`;
    let since = { version: (await call('Set', { key: bytes('before'), value: bytes('x') })).version };
    const wanted = numbered('broken/', 0, 6000);
    const writing = (async () => {
      for (let at = 0; at < wanted.length; at += 300) {
        await setAll(wanted.slice(at, at + 300), Buffer.alloc(200, 'v'));
      }
    })();
    const seen = [];
    let breaks = 0;
    while (seen.length < wanted.length) {
      const near = new kvs.v1.Kvs(through, credentials, { 'grpc.initial_reconnect_backoff_ms': 100 });
      const reader = watch({ prefix: bytes('broken/'), since }, near);
      reader.stream.on('data', message => {
        seen.push(...(message.changes ?? []).map(change => change.key.toString()));
        since = message.position;
        if (seen.length > (breaks + 1) * 700) {
          breaks++;
          sockets.forEach(socket => socket.destroy());
        } else if (seen.length >= wanted.length) {
          reader.stream.cancel();
        }
      });
      assert.notEqual(await reader.ended, null);
      near.close();
    }

    await writing;
    proxy.close();
    assert.ok(breaks > 3, `${breaks}`);
    assert.deepEqual(seen, wanted);

    // Each change of a batch is a place to go on from.
    const all = await watch({ prefix: bytes('broken/'), since: { version: since.version } })
      .until(({ position }) => position);
    all.stream.cancel();
    const { version } = await setAll(['one/1', 'one/2', 'one/3']);
    const rest = await watch({ prefix: bytes('one/'), since: { version, changes: 1 } }).until(({ changes }) => changes.length >= 2);
    assert.deepEqual(keysOf(rest), ['one/2', 'one/3']);
    rest.stream.cancel();
  },

  async 'a slow reader gets all of it, large values too, and holds up nobody'() {
    const reader = await watch({ prefix: bytes('slow/') }).until(({ position }) => position);
    reader.stream.pause();
    const wanted = numbered('slow/', 0, 3000);
    for (let at = 0; at < wanted.length; at += 500) {
      await setAll(wanted.slice(at, at + 500), Buffer.alloc(500, 'v'));
    }

    const large = Buffer.alloc(3_000_000, 'w');
    await call('Set', { key: bytes('slow/large'), value: large });
    await setAll(['slow/last']);
    const timer = setInterval(() => reader.stream.isPaused() ? reader.stream.resume() : reader.stream.pause(), 5);
    await reader.until(({ changes }) => changes.length >= wanted.length + 2);
    clearInterval(timer);
    reader.stream.resume();
    assert.deepEqual(keysOf(reader), [...wanted, 'slow/large', 'slow/last']);
    assert.ok(large.equals(reader.changes.at(-2).value));
    reader.stream.cancel();
  },

  async 'a deadline ends it'() {
    const reader = watch({ prefix: bytes('none') }, client, { deadline: Date.now() + 500 });
    assert.equal((await reader.ended).code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(reader.position);
  },

  async 'a history that is compacted away is OUT_OF_RANGE, at the beginning and in the middle'() {
    const { version } = await call('Set', { key: bytes('gone'), value: bytes('x') });
    const behind = await watch({ prefix: bytes('gone'), since: { version } }).until(({ position }) => position);
    behind.stream.pause();
    const value = Buffer.alloc(1_000_000, 'v');
    const began = async since => {
      const reader = watch({ prefix: bytes('gone'), since: { version: since }, keys_only: true });
      const error = await Promise.race([reader.ended, once(reader.stream, 'told').then(() => null)]);
      reader.stream.cancel();
      return error;
    };

    // Streams of Node hold 16 messages for a reader that is paused, and the connection one or two: it is behind number 25.
    const versions = [version];
    let error = null;
    for (let writes = 0; writes < 500 && error === null; writes++) {
      versions.push((await call('Set', { key: bytes('gone'), value })).version);
      error = versions.length > 25 ? await began(versions[25]) : null;
    }

    assert.equal(error?.code, grpc.status.OUT_OF_RANGE);
    assert.match(error.details, /compacted away/);
    assert.match(error.metadata.get('grpc-status-details-bin')[0].toString('latin1'), /Compacted/);
    behind.stream.resume();
    assert.equal((await behind.ended).code, grpc.status.OUT_OF_RANGE);
    const again = await watch({ prefix: bytes('gone') }).until(({ position }) => position);
    again.stream.cancel();
  },

  async 'a position of the future, or of another history, is refused'() {
    const { version } = await call('Set', { key: bytes('a'), value: bytes('1') });
    const ahead = watch({ since: { version: { ...version, sequence: String(Number(version.sequence) + 1000) } } });
    assert.equal((await ahead.ended).code, grpc.status.UNAVAILABLE);
    const other = watch({ since: { version: { ...version, epoch: String(BigInt(version.epoch) + 1n) } } });
    assert.equal((await other.ended).code, grpc.status.FAILED_PRECONDITION);
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok: ${name}`);
  } catch (error) {
    console.error(`failed: ${name}\n${error.stack}`);
    process.exit(1);
  }
}

client.close();
