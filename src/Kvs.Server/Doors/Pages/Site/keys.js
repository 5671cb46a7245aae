// The key browser: a prefix, pages of keys, and one key with its value.

import * as api from './api.js';
import * as f from './format.js';

const PAGE = 50;
const AT_ONCE = 1024 * 1024;
const HEX_MAX = 64 * 1024;

const at = (id) => document.getElementById(id);
const list = at('key-list');
let prefix = '';
let cursors = [null]; // those of the pages up to this one
let following = null; // that of the next page
let chosen = null;
let bytes = null;
let running = new AbortController();
let shown = false;

export function show(query) {
  const wanted = query.get('prefix') ?? '';
  if (shown && wanted === prefix) return;
  shown = true;
  prefix = wanted;
  at('prefix').value = prefix;
  cursors = [null];
  load();
}

at('key-search').addEventListener('submit', (event) => {
  event.preventDefault();
  shown = false;
  const wanted = at('prefix').value;
  const hash = wanted ? `#/keys?${new URLSearchParams({ prefix: wanted })}` : '#/keys';
  if (location.hash === hash) show(new URLSearchParams({ prefix: wanted }));
  else location.hash = hash;
});
at('next').addEventListener('click', () => {
  cursors.push(following);
  load();
});
at('previous').addEventListener('click', () => {
  cursors.pop();
  load();
});
at('load-large').addEventListener('click', () => loadValue(chosen));
document.querySelectorAll('input[name=view]').forEach((input) => input.addEventListener('change', showValue));

list.addEventListener('keydown', (event) => {
  const buttons = [...list.querySelectorAll('button')];
  const from = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined || !buttons[to]) return;
  event.preventDefault();
  buttons[to].focus();
});

async function load() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  f.set(at('list-state'), 'Searching…');
  try {
    const page = await api.list(prefix, cursors.at(-1), PAGE, signal);
    following = page.cursor ?? null;
    list.replaceChildren(...page.entries.map(row));
    f.set(at('list-state'), page.entries.length > 0 ? `${page.entries.length} on this page` : 'None.');
    f.set(at('page'), `Page ${cursors.length}`);
  } catch (failure) {
    if (signal.aborted) return;
    f.set(at('list-state'), failure.message);
    following = null;
  }
  at('next').disabled = !following;
  at('previous').disabled = cursors.length === 1;
}

function row({ key }) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = api.keyText(key);
  button.title = button.textContent;
  button.addEventListener('click', () => choose(key, button));
  const item = document.createElement('li');
  item.append(button);
  return item;
}

async function choose(key, button) {
  list.querySelector('[aria-current]')?.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  chosen = key;
  bytes = null;
  f.set(at('detail-key'), api.keyText(key));
  f.set(at('detail-hint'), 'Reading…');
  at('detail-hint').hidden = false;
  at('detail-body').hidden = true;
  try {
    const about = await api.describe(key);
    if (chosen !== key) return;
    f.fill(at('detail-facts'), [
      ['Size', f.bytes(about.size)],
      ['Expires', about.expires ? expiry(about.expires) : 'never'],
      ['Version', about.version || f.none],
      ['Type', about.type || f.none],
    ]);
    if (window.innerWidth <= 860) at('detail').scrollIntoView(); // it stands below the list there
    at('detail-hint').hidden = true;
    at('detail-body').hidden = false;
    at('load-large').hidden = about.size <= AT_ONCE;
    f.set(at('load-large'), `Load ${f.bytes(about.size)}`);
    at('value').hidden = true;
    note('');
    if (about.size <= AT_ONCE) await loadValue(key);
  } catch (failure) {
    if (chosen !== key) return;
    f.set(at('detail-hint'), failure.message);
  }
}

async function loadValue(key) {
  try {
    const read = await api.value(key);
    if (chosen !== key) return;
    bytes = read;
    at('load-large').hidden = true;
    showValue();
  } catch (failure) {
    note(failure.message);
  }
}

function expiry(iso) {
  const left = (Date.parse(iso) - Date.now()) / 1000;
  return left > 0 ? `in ${f.span(left)}` : 'now';
}

function showValue() {
  if (!bytes) return;
  const view = document.querySelector('input[name=view]:checked').value;
  const box = at('value');
  box.hidden = false;
  box.classList.toggle('hex', view === 'hex');
  note('');
  if (view === 'hex') {
    if (bytes.length > HEX_MAX) note(`The first ${f.bytes(HEX_MAX)} of ${f.bytes(bytes.length)}.`);
    box.textContent = hex(bytes.subarray(0, HEX_MAX));
    return;
  }
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder().decode(bytes);
    note('These bytes are no UTF-8 text; hex shows them as they are.');
  }
  if (view === 'json') {
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      note('This is no JSON; here it is as text.');
    }
  }
  box.textContent = text;
}

function note(text) {
  at('value-note').hidden = text === '';
  f.set(at('value-note'), text);
}

function hex(part) {
  const width = window.innerWidth < 560 ? 8 : 16;
  const lines = [];
  for (let from = 0; from < part.length; from += width) {
    const row = part.subarray(from, from + width);
    const digits = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(width * 3 - 1);
    const letters = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${from.toString(16).padStart(6, '0')}  ${digits}  ${letters}`);
  }
  return lines.join('\n');
}
