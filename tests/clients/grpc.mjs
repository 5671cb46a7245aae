// Drives a server by the stock gRPC client of Node: node grpc.mjs HOST:PORT FOLDER-OF-PROTO-FILES. Exits with 1 at the first surprise.
import assert from 'node:assert/strict';
import path from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [address, folder] = process.argv.slice(2);
const options = { keepCase: true, longs: String, enums: String, defaults: false, oneofs: true, includeDirs: [folder] };
const load = file => grpc.loadPackageDefinition(loader.loadSync(path.join(folder, file), options));
const { kvs } = load('kvs.proto');
const { grpc: { health } } = load('health.proto');
const root = loader.loadSync(path.join(folder, 'kvs.proto'), options);
const credentials = grpc.credentials.createInsecure();
const client = new kvs.v1.Kvs(address, credentials);
const bytes = text => Buffer.from(text);

const call = (method, request, extra = {}) => new Promise((resolve, reject) =>
  client[method](request, new grpc.Metadata(), extra, (error, answer) => error ? reject(error) : resolve(answer)));

async function fails(method, request, code, extra) {
  const error = await call(method, request, extra).then(() => null, error => error);
  assert.ok(error, `${method} did not fail`);
  assert.equal(error.code, code, error.details);
  return error;
}

const detailType = root['kvs.v1.ErrorDetail'];

// google.rpc.Status: 1 code, 2 message, 3 details; Any: 1 type URL, 2 value. Both are read by hand: two varint-framed levels.
function detailOf(error) {
  const [status] = error.metadata.get('grpc-status-details-bin');
  const any = fieldOf(status, 3);
  assert.equal(fieldOf(any, 1).toString(), 'type.googleapis.com/kvs.v1.ErrorDetail');
  return detailType.deserialize(fieldOf(any, 2));
}

function fieldOf(message, wanted) {
  for (let at = 0; at < message.length;) {
    const key = message[at++];
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const part = message[at++];
      value += (part & 0x7f) * 2 ** shift;
      if (part < 0x80) {
        break;
      }
    }

    if ((key & 7) === 2) {
      if (key >> 3 === wanted) {
        return message.subarray(at, at + value);
      }

      at += value;
    }
  }

  return assert.fail(`no field ${wanted}`);
}

const checks = {
  async 'set, get, remove'() {
    const set = await call('Set', { key: bytes('a'), value: bytes('1') });
    assert.equal(set.applied, true);
    const got = await call('Get', { key: bytes('a') });
    assert.equal(got.value.toString(), '1');
    assert.deepEqual(got.version, set.version);
    const removed = await call('Remove', { key: bytes('a'), return_previous: true });
    assert.equal(removed.previous.toString(), '1');
    assert.ok(!(await call('Get', { key: bytes('a') })).found);
  },

  async 'compare-and-set'() {
    const { version } = await call('Set', { key: bytes('cas'), value: bytes('1') });
    await call('Set', { key: bytes('cas'), value: bytes('2'), condition: { version } });
    const error = await fails('Set', { key: bytes('cas'), value: bytes('3'), condition: { version } }, grpc.status.ABORTED);
    const detail = detailOf(error);
    assert.equal(detail.code, 'ConditionFailed');
    assert.equal(detail.outcome, 'OUTCOME_NOT_APPLIED');
    assert.notDeepEqual(detail.failed_version, version);
  },

  async 'increment, and what is no number'() {
    assert.equal((await call('Increment', { key: bytes('n') })).number, '1');
    assert.equal((await call('Increment', { key: bytes('n'), by: -5 })).number, '-4');
    await call('Set', { key: bytes('text'), value: bytes('x') });
    const error = await fails('Increment', { key: bytes('text') }, grpc.status.FAILED_PRECONDITION);
    assert.equal(detailOf(error).code, 'NotAnInteger');
  },

  async 'a batch is all or nothing'() {
    const answer = await call('Batch', { operations: [
      { set: { key: bytes('b1'), value: bytes('x') } },
      { get: { key: bytes('b1') } },
      { increment: { key: bytes('b2'), by: 7 } }] });
    assert.equal(answer.results[1].value.toString(), 'x');
    assert.equal(answer.results[2].number, '7');
    const error = await fails('Batch', { operations: [
      { set: { key: bytes('b1'), value: bytes('y') } },
      { check: { key: bytes('none'), condition: { present: true } } }] }, grpc.status.ABORTED);
    assert.equal(detailOf(error).failed_operation, 1);
    assert.equal((await call('Get', { key: bytes('b1') })).value.toString(), 'x');
  },

  async 'a value has the content type that it was set with'() {
    const page = { key: bytes('page'), value: bytes('<p>'), content_type: 'text/html' };
    await call('Set', page);
    assert.equal((await call('Get', { key: page.key })).content_type, 'text/html');
    const answer = await call('Batch', { operations: [
      { copy: { key: page.key, to: bytes('page2') } },
      { get: { key: bytes('page2') } }] });
    assert.equal(answer.results[1].content_type, 'text/html');
    const types = {};
    for await (const message of client.Scan({ prefix: bytes('page') })) {
      (message.entries ?? []).forEach(entry => { types[entry.key] = entry.content_type; });
    }

    assert.deepEqual(types, { page: 'text/html', page2: 'text/html' });
    await call('Set', { ...page, content_type: undefined });
    assert.equal((await call('Get', { key: page.key })).content_type ?? '', '');
    for (const content_type of ['text/ü', 'x'.repeat(256)]) {
      await fails('Set', { ...page, content_type }, grpc.status.INVALID_ARGUMENT);
    }
  },

  async 'append, set_range, increment_float, copy'() {
    const edits = [
      [{ append: { key: bytes('e1'), value: bytes('ab') } }, { number: '2', existed: undefined }],
      [{ set_range: { key: bytes('e1'), offset: 1, value: bytes('xy') } }, { number: '3', existed: true }],
      [{ increment_float: { key: bytes('e2'), by: '0.1' } }, { value: '0.1' }],
      [{ increment_float: { key: bytes('e2'), by: '0.2' } }, { value: '0.3' }],
      [{ copy: { key: bytes('e1'), to: bytes('e3') } }, { existed: true }],
      [{ copy: { key: bytes('e2'), to: bytes('e3'), replace: true } }, { existed: true }],
      [{ get: { key: bytes('e1') } }, { value: 'axy' }],
      [{ get: { key: bytes('e3') } }, { value: '0.3' }]];
    const { results } = await call('Batch', { operations: edits.map(([operation]) => operation) });
    edits.forEach(([operation, expected], at) => {
      for (const [name, value] of Object.entries(expected)) {
        assert.equal(results[at][name]?.toString(), value?.toString(), JSON.stringify(operation));
      }
    });
    const refusals = [
      [{ copy: { key: bytes('e1'), to: bytes('e2') } }, grpc.status.ABORTED, 'ConditionFailed'],
      [{ copy: { key: bytes('e1'), to: bytes('e1') } }, grpc.status.INVALID_ARGUMENT, 'InvalidArgument'],
      [{ increment_float: { key: bytes('e1'), by: '1' } }, grpc.status.FAILED_PRECONDITION, 'NotAFloat'],
      [{ set_range: { key: bytes('e1'), offset: '18446744073709551615', value: bytes('x') } },
        grpc.status.INVALID_ARGUMENT, 'ValueTooLarge']];
    for (const [operation, code, name] of refusals) {
      const error = await fails('Batch', { operations: [{ set: { key: bytes('e0'), value: bytes('') } }, operation] }, code);
      assert.equal(detailOf(error).code, name);
      assert.equal(detailOf(error).failed_operation, 1);
    }

    assert.ok(!(await call('Get', { key: bytes('e0') })).found);
  },

  async 'an optional operation stops nothing'() {
    await call('Set', { key: bytes('o1'), value: bytes('text'), expiry: { ttl_ms: 60000 } });
    const { results } = await call('Batch', { operations: [
      { increment: { key: bytes('o1') }, optional: true },
      { set: { key: bytes('o1'), value: bytes('x'), condition: { absent: true } }, optional: true },
      { increment: { key: bytes('o2'), by: 3 }, optional: true },
      { get: { key: bytes('o1') } }] });
    assert.deepEqual(results.map(result => result.code ?? ''), ['NotAnInteger', 'ConditionFailed', '', '']);
    assert.equal(results[2].number, '3');
    assert.equal(results[3].value.toString(), 'text');
    assert.equal(results[3].expires_at_unix_ms, (await call('Get', { key: bytes('o1') })).expires_at_unix_ms);
    const error = await fails('Batch', { operations: [{ increment: { key: bytes('o1') } }] }, grpc.status.FAILED_PRECONDITION);
    assert.equal(detailOf(error).code, 'NotAnInteger');
  },

  async 'a time to live'() {
    await call('Set', { key: bytes('ttl'), value: bytes('x'), expiry: { ttl_ms: 60000 } });
    const left = Number((await call('Get', { key: bytes('ttl') })).expires_at_unix_ms) - Date.now();
    assert.ok(left > 30000 && left <= 61000, `${left}`);
    await call('Batch', { operations: [{ expire: { key: bytes('ttl') } }] });
    assert.equal((await call('Get', { key: bytes('ttl') })).expires_at_unix_ms ?? '0', '0');
    await fails('Set', { key: bytes('ttl'), value: bytes('x'), expiry: { ttl_ms: 0 } }, grpc.status.INVALID_ARGUMENT);
  },

  async 'a stream in order, slowly read'() {
    const value = Buffer.alloc(1000, 'v');
    for (let i = 0; i < 3000; i += 500) {
      await call('Batch', { operations: Array.from({ length: 500 }, (_, n) =>
        ({ set: { key: bytes(`scan/${String(i + n).padStart(6, '0')}`), value } })) });
    }

    const keys = [];
    const stream = client.Scan({ prefix: bytes('scan/') });
    for await (const message of stream) {
      keys.push(...(message.entries ?? []).map(entry => entry.key.toString()));
      await new Promise(resolve => setTimeout(resolve, 5));
    }

    assert.equal(keys.length, 3000);
    assert.deepEqual(keys, [...keys].sort());
  },

  async 'a stream that is cancelled'() {
    const stream = client.Scan({ prefix: bytes('scan/') });
    const error = await new Promise(resolve => {
      stream.on('data', () => stream.cancel());
      stream.on('error', resolve);
    });
    assert.equal(error.code, grpc.status.CANCELLED);
    assert.ok((await call('Get', { key: bytes('scan/000000') })).found);
  },

  async 'a deadline that has passed'() {
    await fails('Get', { key: bytes('a') }, grpc.status.DEADLINE_EXCEEDED, { deadline: Date.now() - 1 });
    assert.ok(!(await call('Get', { key: bytes('a') }, { deadline: Date.now() + 30000 })).found);
  },

  async 'a method that is not there'() {
    const missing = grpc.makeGenericClientConstructor({ Nothing: { ...kvs.v1.Kvs.service.Get, path: '/kvs.v1.Kvs/Nothing' } }, 'x');
    const error = await new Promise(resolve =>
      new missing(address, credentials).Nothing({ key: bytes('a') }, error => resolve(error)));
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  async 'a compressed message is refused, and says what is taken'() {
    const packed = new kvs.v1.Kvs(address, credentials, { 'grpc.default_compression_algorithm': 2 });
    const error = await new Promise(resolve => packed.Get({ key: bytes('a'.repeat(1000)) }, error => resolve(error)));
    packed.close();
    assert.equal(error.code, grpc.status.UNIMPLEMENTED, error.details);
  },

  async 'a key that is too long'() {
    const error = await fails('Get', { key: Buffer.alloc(200000, 'k') }, grpc.status.INVALID_ARGUMENT);
    assert.equal(detailOf(error).code, 'KeyTooLarge');
  },

  async 'health'() {
    const probe = new health.v1.Health(address, credentials);
    const check = service => new Promise((resolve, reject) =>
      probe.Check({ service }, (error, answer) => error ? reject(error) : resolve(answer.status)));
    assert.equal(await check(''), 'SERVING');
    assert.equal(await check('kvs.v1.Kvs'), 'SERVING');
    assert.equal(await check('other').catch(error => error.code), grpc.status.NOT_FOUND);
    const watch = probe.Watch({ service: '' });
    const first = await new Promise(resolve => watch.once('data', resolve));
    assert.equal(first.status, 'SERVING');
    watch.on('error', () => {});
    watch.cancel();
    probe.close();
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
