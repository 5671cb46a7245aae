// node-redis as it comes (RESP3) and in RESP2: connect, strings, keys, pipelines, transactions.
import assert from 'node:assert/strict';
import { createClient } from 'redis';

const port = Number(process.argv[2]);

for (const RESP of [undefined, 2]) {
  const client = createClient({ socket: { host: '127.0.0.1', port }, RESP, name: 'test' });
  client.on('error', (error) => { throw error; });
  await client.connect();
  await client.flushAll();
  assert.equal(await client.set('k', 'v', { EX: 100 }), 'OK');
  assert.equal(await client.get('k'), 'v');
  assert.equal(await client.get('no'), null);
  assert.equal(await client.ttl('k'), 100);
  assert.equal(await client.incrBy('n', 5), 5);
  assert.equal(await client.set('k', 'w', { NX: true }), null);
  assert.deepEqual(await client.mGet(['k', 'no', 'n']), ['v', null, '5']);
  assert.equal(await client.append('k', 'x'), 2);
  assert.equal(await client.clientGetName(), 'test');
  await Promise.all(Array.from({ length: 500 }, (_, i) => client.set(`key:${i}`, `${i}`)));
  const keys = new Set();
  for await (const found of client.scanIterator({ MATCH: 'key:*', COUNT: 50 })) {
    [].concat(found).forEach((key) => keys.add(key));
  }
  assert.equal(keys.size, 500);
  assert.deepEqual(await client.multi().set('a', '1').incr('a').get('a').exec(), ['OK', 2, '2']);
  await client.watch('a');
  await client.set('a', '9');
  await assert.rejects(client.multi().incr('a').exec());
  assert.equal(await client.del(['a', 'k', 'no']), 2);
  await assert.rejects(client.hGet('k', 'f'), /unknown command/);
  assert.equal(await client.ping(), 'PONG');
  await client.close();
}

console.log('all checks passed');
