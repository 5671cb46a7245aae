// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const none = '–';

export const count = (n) => (n == null ? none : whole.format(n));

export const rate = (n) => (n == null ? none : n < 10 ? tenth.format(n) : n < 10000 ? whole.format(n) : compact.format(n));

export function bytes(n) {
  if (n == null) return none;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 100 ? whole.format(n) : tenth.format(n)} ${units[unit]}`;
}

export function seconds(s) {
  if (s == null || Number.isNaN(s)) return none;
  if (s < 0.001) return `${whole.format(s * 1e6)} µs`;
  if (s < 0.01) return `${(s * 1000).toFixed(1)} ms`;
  if (s < 1) return `${whole.format(s * 1000)} ms`;
  if (s < 60) return `${tenth.format(s)} s`;
  return span(s);
}

export function span(s) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => s >= size);
  if (first < 0) return '0 s';
  const [size, name] = parts[first];
  const big = Math.floor(s / size);
  const [smaller, smallName] = parts[first + 1] ?? [0, ''];
  const rest = smaller ? Math.floor((s % size) / smaller) : 0;
  return rest > 0 ? `${big} ${name} ${rest} ${smallName}` : `${big} ${name}`;
}

export const time = (iso) => new Date(iso).toLocaleTimeString('en-GB', { hour12: false });

export function fill(list, facts) {
  // Only what has changed is touched, so that a reader's place on the page stays.
  facts.forEach(([name, value], i) => {
    let row = list.children[i];
    if (!row) {
      row = document.createElement('div');
      row.append(document.createElement('dt'), document.createElement('dd'));
      list.append(row);
    }
    set(row.children[0], name);
    set(row.children[1], value);
  });
  while (list.children.length > facts.length) list.lastElementChild.remove();
}

export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function rows(body, labels, lines) {
  lines.forEach((cells, i) => {
    let row = body.children[i];
    if (!row) {
      row = document.createElement('tr');
      labels.forEach(([label, style]) => {
        const cell = document.createElement('td');
        cell.dataset.label = label;
        if (style) cell.className = style;
        row.append(cell);
      });
      body.append(row);
    }
    cells.forEach((text, column) => set(row.children[column], text));
  });
  while (body.children.length > lines.length) body.lastElementChild.remove();
}
