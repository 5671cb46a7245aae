// ioredis as it comes: ready check, strings, keys, pipelines, transactions, buffers.
import assert from 'node:assert/strict';
import Redis from 'ioredis';

const redis = new Redis({ host: '127.0.0.1', port: Number(process.argv[2]), connectionName: 'test', db: 0 });
redis.on('error', (error) => { throw error; });
await redis.flushall();
assert.equal(await redis.set('k', 'v', 'PX', 100000), 'OK');
assert.equal(await redis.get('k'), 'v');
assert.equal(await redis.get('no'), null);
assert.equal(await redis.setrange('k', 3, 'x'), 4);
assert.deepEqual(await redis.getBuffer('k'), Buffer.from('v\0\0x'));
assert.equal(await redis.incrbyfloat('f', 1.5), '1.5');
assert.equal(await redis.rename('f', 'g'), 'OK');
assert.deepEqual(await redis.mget('g', 'f'), ['1.5', null]);
const pipeline = redis.pipeline();
for (let i = 0; i < 500; i++) pipeline.set(`key:${i}`, i);
assert.equal((await pipeline.exec()).filter(([error, reply]) => !error && reply === 'OK').length, 500);
assert.deepEqual(await redis.multi().set('a', 1).incr('a').exec(), [[null, 'OK'], [null, 2]]);
const keys = new Set();
for await (const found of redis.scanStream({ match: 'key:*', count: 50 })) found.forEach((key) => keys.add(key));
assert.equal(keys.size, 500);
assert.equal(await redis.dbsize(), 503);
await assert.rejects(redis.lpush('l', 1), /unknown command/);
await redis.quit();
console.log('all checks passed');
