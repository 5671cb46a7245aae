// Changes as they are committed, by server-sent events. The browser resumes by itself where it left off.

import { keyText, watchUrl } from './api.js';
import * as f from './format.js';

const LINES = 200;
const KINDS = ['set', 'removed', 'expired'];

const at = (id) => document.getElementById(id);
let source = null;
let seen = 0;

export function show() {}

at('watch-form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (source) stop('Stopped.');
  else start(at('watch-prefix').value);
});

function start(prefix) {
  seen = 0;
  at('changes').replaceChildren();
  at('watch-prefix').disabled = true;
  f.set(at('watch-toggle'), 'Stop');
  f.set(at('watch-state'), 'Connecting…');
  source = new EventSource(watchUrl(prefix));
  source.addEventListener('open', () => f.set(at('watch-state'), seen ? progress() : 'Watching. Nothing has changed yet.'));
  source.addEventListener('error', (event) => {
    if (event.data) stop(said(event.data)); // the server's own word, before it ends the stream
    else if (source?.readyState === EventSource.CLOSED) stop('The server does not give changes here. Is the engine kvs?');
    else f.set(at('watch-state'), 'Connection lost; trying again.');
  });
  for (const kind of KINDS) source.addEventListener(kind, (event) => add(kind, event));
}

function stop(why) {
  source.close();
  source = null;
  at('watch-prefix').disabled = false;
  f.set(at('watch-toggle'), 'Start');
  f.set(at('watch-state'), why);
}

function said(data) {
  try {
    return JSON.parse(data).detail ?? 'The server has ended the watch.';
  } catch {
    return 'The server has ended the watch.';
  }
}

const progress = () => `Watching. ${f.count(seen)} ${seen === 1 ? 'change' : 'changes'} so far.`;

function add(kind, event) {
  let change;
  try {
    change = JSON.parse(event.data);
  } catch {
    return;
  }
  seen++;
  const list = at('changes');
  const item = document.createElement('li');
  item.append(
    cell('span', new Date().toLocaleTimeString('en-GB', { hour12: false }), 'mute'),
    cell('span', kind, kind === 'set' ? 'kind' : 'kind gone'),
    cell('span', keyText(change.key ?? ''), 'code mono'),
    cell('span', change.value === undefined ? '' : keyText(change.value), 'code mono said'));
  list.prepend(item);
  while (list.children.length > LINES) list.lastElementChild.remove();
  f.set(at('watch-state'), progress());
}

function cell(name, text, style) {
  const made = document.createElement(name);
  made.className = style;
  made.textContent = text;
  return made;
}
