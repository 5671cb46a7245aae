// The server's own HTTP interface: the only thing that this page reads.

// Not against the address of the page: that may have a name and a password in it, and of such a one nothing is fetched.
const at = (path) => new URL(path, location.origin);

async function get(path, signal) {
  const response = await fetch(at(path), { headers: { Accept: 'application/json' }, cache: 'no-store', signal });
  if (!response.ok) throw new Error(await problem(response));
  return response;
}

async function problem(response) {
  try {
    const body = await response.json();
    return body.detail ?? body.title ?? `The server said ${response.status}.`;
  } catch {
    return `The server said ${response.status}.`;
  }
}

const encoder = new TextEncoder();

// Keys go by base64: any bytes, and no path that a browser would tidy.
function keyPath(key) {
  const b64 = typeof key === 'string' ? toBase64(encoder.encode(key)) : key.b64;
  return `/v1/kv-b64/${b64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

function toBase64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export const status = async (signal) => (await get('/v1/status', signal)).json();

export async function list(prefix, cursor, limit, signal) {
  const query = new URLSearchParams({ limit, keys_only: 'true' });
  if (prefix) query.set('prefix', prefix);
  if (cursor) query.set('cursor', cursor);
  return (await get(`/v1/kv?${query}`, signal)).json();
}

export async function describe(key, signal) {
  const response = await fetch(at(keyPath(key)), { method: 'HEAD', cache: 'no-store', signal });
  if (response.status === 404) throw new Error('The key is not there any more.');
  if (!response.ok) throw new Error(`The server said ${response.status}.`);
  return {
    size: Number(response.headers.get('Content-Length') ?? 0),
    type: response.headers.get('Content-Type') ?? '',
    version: (response.headers.get('ETag') ?? '').replaceAll('"', ''),
    expires: response.headers.get('Kvs-Expires-At') ?? response.headers.get('Expires'),
  };
}

export async function value(key, signal) {
  return new Uint8Array(await (await get(keyPath(key), signal)).arrayBuffer());
}

export const watchUrl = (prefix) => at(`/v1/watch${prefix ? `?${new URLSearchParams({ prefix })}` : ''}`);

export const keyText = (key) => (typeof key === 'string' ? key : `base64:${key.b64}`);
