// The page: which view is shown, and the clock that refreshes it.

import { refresh } from './overview.js';
import * as keys from './keys.js';
import * as watch from './watch.js';

const VIEWS = { overview: () => {}, keys: keys.show, watch: watch.show };
const PERIOD = 1000;
const notice = document.getElementById('notice');

function route(moveFocus) {
  const [name, query = ''] = location.hash.replace(/^#\//, '').split('?');
  const view = name in VIEWS ? name : 'overview';
  for (const one of Object.keys(VIEWS)) document.getElementById(one).hidden = one !== view;
  for (const link of document.querySelectorAll('.top nav a')) {
    if (link.getAttribute('href') === `#/${view}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${document.querySelector(`#${view} h1`).textContent} · KvsTcp`;
  VIEWS[view](new URLSearchParams(query));
  if (moveFocus) window.scrollTo(0, 0);
}

async function tick() {
  if (!document.hidden) {
    try {
      await refresh();
      notice.hidden = true;
    } catch (failure) {
      notice.textContent = `No answer from the server: ${failure.message} Trying again.`;
      notice.hidden = false;
    }
  }
  setTimeout(tick, PERIOD);
}

document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('main').focus();
});

// The view must be shown before its field can have the focus, and it is shown when the address has changed.
let isSearching = false;
const search = () => document.getElementById('prefix').focus();
window.addEventListener('hashchange', () => {
  route(true);
  if (isSearching) search();
  isSearching = false;
});
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input, textarea, select');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    isSearching = document.getElementById('keys').hidden;
    if (isSearching) location.hash = '#/keys';
    else search();
  }
});

route(false);
tick();
