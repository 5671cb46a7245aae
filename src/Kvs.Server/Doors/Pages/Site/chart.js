// A small line chart that moves: its own SVG, sized to its box, redrawn when a value comes.

const NS = 'http://www.w3.org/2000/svg';
const POINTS = 120;
const HEIGHT = 190;
const EDGE = { left: 52, right: 8, top: 10, bottom: 22 };

export class LineChart {
  #plot;
  #legend;
  #title;
  #names;
  #format;
  #values;
  #lines = [];

  constructor(figure, names, format) {
    this.#plot = figure.querySelector('.plot');
    this.#title = figure.querySelector('h2').textContent;
    this.#names = names;
    this.#format = format;
    this.#values = names.map(() => []);
    this.#legend = names.map((name) => {
      const item = document.createElement('li');
      const now = document.createElement('b');
      item.append(document.createElement('i'), `${name} `, now);
      figure.querySelector('.legend').append(item);
      return now;
    });
    this.#draw();
    new ResizeObserver(() => this.#draw()).observe(this.#plot);
  }

  add(values) {
    values.forEach((value, i) => {
      this.#values[i].push(value);
      if (this.#values[i].length > POINTS) this.#values[i].shift();
      this.#legend[i].textContent = this.#format(value);
    });
    this.#draw();
  }

  #draw() {
    const width = this.#plot.clientWidth;
    if (width === 0) return; // not shown
    const svg = element('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': this.#say() });
    const top = nice(Math.max(...this.#values.flat().filter(Number.isFinite), 0));
    const x = (i, length) => EDGE.left + ((POINTS - length + i) * (width - EDGE.left - EDGE.right)) / (POINTS - 1);
    const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
    for (const share of [0, 0.5, 1]) {
      const at = Math.round(y(top * share)) + 0.5;
      svg.append(element('line', { class: 'grid', x1: EDGE.left, x2: width - EDGE.right, y1: at, y2: at }));
      svg.append(text(EDGE.left - 8, at + 4, 'end', share === 0 ? '0' : this.#format(top * share)));
    }
    svg.append(text(EDGE.left, HEIGHT - 4, 'start', '2 min ago'), text(width - EDGE.right, HEIGHT - 4, 'end', 'now'));
    this.#values.forEach((values, series) => this.#drawLine(svg, values, series, x, y));
    this.#plot.replaceChildren(svg);
  }

  #drawLine(svg, values, series, x, y) {
    let path = '';
    let start = null;
    let last = null;
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) {
        last = null;
        return;
      }
      path += `${last === null ? 'M' : 'L'}${x(i, values.length).toFixed(1)} ${y(value).toFixed(1)}`;
      start ??= i;
      last = i;
    });
    if (series === 0 && path && !path.slice(1).includes('M') && last !== null) {
      const base = y(0).toFixed(1);
      svg.append(element('path', {
        class: 'area',
        d: `${path}L${x(last, values.length).toFixed(1)} ${base}L${x(start, values.length).toFixed(1)} ${base}Z`,
      }));
    }
    svg.append(element('path', { class: `line${series}`, d: path }));
  }

  #say() {
    const parts = this.#names.map((name, i) => `${name} ${this.#format(this.#values[i].at(-1))}`);
    return `${this.#title} over two minutes. Now: ${parts.join(', ')}.`;
  }
}

function element(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function text(x, y, anchor, content) {
  const made = element('text', { x, y, 'text-anchor': anchor });
  made.textContent = content;
  return made;
}

// The next of 1, 2, 5, 10, 20, 50 and so on: the scale stays while values only tremble.
function nice(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 1.02) ?? 20 * power;
}
