// What the server does now: rates and latencies from the difference of two readings, everything else as it stands.

import { status } from './api.js';
import { LineChart } from './chart.js';
import * as f from './format.js';

const READS = new Set(['get', 'stat', 'get_many', 'scan', 'count']);
const MEMBERS = [['Node', 'code'], ['Role', 'keep'], ['State'], ['Position', 'code keep'], ['Behind', 'num']];
const SLOW = [['Time', 'keep'], ['Took', 'num'], ['Operation'], ['Result'], ['Key', 'code']];

const at = (id) => document.getElementById(id);
const throughput = new LineChart(at('throughput'), ['reads', 'writes'], (n) => (Number.isFinite(n) ? `${f.rate(n)}/s` : f.none));
const latency = new LineChart(at('latency'), ['p99', 'median'], (n) => (Number.isFinite(n) ? f.seconds(n) : f.none));
let before = null;

export async function refresh() {
  const now = await status();
  showServer(now);
  showStorage(now);
  showMembers(now.cluster);
  showSlow(now.slow);
  if (before && now.server.uptime_ms >= before.server.uptime_ms) showRates(before, now);
  before = now;
}

function showRates(was, now) {
  const elapsed = (Date.parse(now.at) - Date.parse(was.at)) / 1000;
  if (elapsed <= 0) return;
  const done = (status, isRead) => Object.entries(status.operations)
    .filter(([name]) => READS.has(name) === isRead)
    .reduce((sum, [, results]) => sum + results.answered, 0);
  const reads = (done(now, true) - done(was, true)) / elapsed;
  const writes = (done(now, false) - done(was, false)) / elapsed;
  const buckets = now.durations.bounds.map(() => 0).concat(0);
  for (const [name, counts] of Object.entries(now.durations.operations)) {
    if (READS.has(name)) continue;
    counts.forEach((count, i) => { buckets[i] += count - (was.durations.operations[name]?.[i] ?? 0); });
  }
  const p99 = quantile(0.99, now.durations.bounds, buckets);
  f.set(at('reads-now'), f.rate(reads));
  f.set(at('writes-now'), f.rate(writes));
  f.set(at('p99-now'), f.seconds(p99));
  throughput.add([reads, writes]);
  latency.add([p99, quantile(0.5, now.durations.bounds, buckets)]);
}

// As Prometheus does: even within a bucket; of the last bucket, its lower bound.
function quantile(share, bounds, buckets) {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return NaN;
  let rank = share * total;
  for (let i = 0; i < bounds.length; i++) {
    if (rank <= buckets[i] && buckets[i] > 0) {
      const lower = i > 0 ? bounds[i - 1] : 0;
      return lower + ((bounds[i] - lower) * rank) / buckets[i];
    }
    rank -= buckets[i];
  }
  return bounds.at(-1);
}

function showServer({ server, doors, budgets, watchers, store }) {
  f.set(at('who-node'), server.node || server.name);
  const role = at('who-role');
  role.hidden = false;
  role.classList.toggle('bad', store?.read_only != null);
  f.set(role, store?.read_only != null ? 'read-only' : server.role);
  const held = budgets.reduce((sum, budget) => sum + budget.held, 0);
  f.fill(at('server'), [
    ['Version', server.version],
    ['Engine', server.engine],
    ['Durability', server.durability],
    ['Running for', f.span(server.uptime_ms / 1000)],
    ['Epoch', String(server.epoch)],
    ['In flight', f.bytes(held)],
    ['Watchers', f.count(watchers)],
    ...doors.map((door) => [`Door ${door.name}`, `port ${door.port}, ${f.count(door.connections)} open`]),
  ]);
}

function showStorage({ store }) {
  f.set(at('keys-now'), f.count(store?.keys));
  if (!store) {
    f.fill(at('storage'), [['State', 'being replaced by a copy']]);
    return;
  }
  const all = store.live_bytes + store.dead_bytes;
  const dead = all > 0 ? store.dead_bytes / all : 0;
  at('space-live').style.width = `${all > 0 ? (1 - dead) * 100 : 0}%`;
  at('space-dead').style.width = `${dead * 100}%`;
  at('space').setAttribute('aria-label', `Live ${f.bytes(store.live_bytes)}, dead ${f.bytes(store.dead_bytes)}`);
  f.set(at('live-bytes'), f.bytes(store.live_bytes));
  f.set(at('dead-bytes'), f.bytes(store.dead_bytes));
  f.set(at('dead-ratio'), all > 0 ? `${(dead * 100).toFixed(1)} % dead` : '');
  f.fill(at('storage'), [
    ['Segments', f.count(store.segments)],
    ['On disk', f.bytes(store.disk_bytes)],
    ['Index memory', f.bytes(store.index_bytes)],
    ['Compactions', f.count(store.compactions)],
    ['Batches per sync', store.syncs > 0 ? f.rate(store.batches / store.syncs) : f.none],
    ['Expired keys', f.count(store.expired)],
    ['Snapshots', store.snapshots > 0 ? `${f.count(store.snapshots)}, oldest ${f.span(store.oldest_snapshot_ms / 1000)}` : '0'],
    ['Writes', store.read_only ?? 'taken'],
  ]);
}

function showMembers(cluster) {
  at('members-card').hidden = !cluster;
  if (!cluster) return;
  const advice = [cluster.read_only, cluster.advice].filter(Boolean).join('. ');
  at('advice').hidden = advice === '';
  f.set(at('advice'), advice);
  f.rows(at('members'), MEMBERS, cluster.nodes.map((node) => [
    node.address && node.address !== node.node ? `${node.node} (${node.address})` : node.node,
    node.role, node.in_sync ? `${node.state}, in sync` : node.state, node.applied ?? f.none, behind(node),
  ]));
}

function behind({ lag_bytes: size, lag_ms: millis }) {
  const parts = [size > 0 ? f.bytes(size) : '', millis > 0 ? f.seconds(millis / 1000) : ''].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : f.none;
}

function showSlow(entries) {
  at('slow-none').hidden = entries.length > 0;
  at('slow-table').hidden = entries.length === 0;
  f.rows(at('slow'), SLOW, entries.map((entry) => [
    f.time(entry.time), f.seconds(entry.ms / 1000),
    entry.requests > 1 ? `${entry.operation} +${f.count(entry.requests - 1)}` : entry.operation, entry.result, entry.key || f.none,
  ]));
}
