/* Plain charts in SVG, drawn as wide as their place is, each with a table of its exact values. */
import {el, svg, table} from './dom.js';
import {number} from './format.js';

const HEIGHT = 200;
const LEFT = 48, RIGHT = 8, TOP = 22, BOTTOM = 24;
const LABEL_PX = 64; /* between two labels of the time axis */

/* About `count` round steps from 0 to at least `max`. */
function ticks(max, count = 4) {
	const raw = Math.max(max, 1e-9) / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= raw);
	const list = [];
	for (let n = 0; n === 0 || (n - 1) * step < max; n++)
		list.push(n * step);
	return list;
}

function text(x, y, anchor, content) {
	return svg('text', {x, y, 'text-anchor': anchor}, content);
}

/* Axes, and where values and slots lie between them. */
function axes(width, data, max) {
	const values = ticks(max);
	const top = values.at(-1);
	const inner = width - LEFT - RIGHT;
	const y = value => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
	const x = slot => LEFT + inner * slot / data.labels.length;
	const digits = values[1] < 1 ? 1 : 0;
	const grid = values.map(value => [svg('line', {class: 'grid', x1: LEFT, x2: width - RIGHT,
		y1: y(value), y2: y(value)}), text(LEFT - 6, y(value) + 4, 'end', number(value, '', digits))]);
	const every = Math.ceil(LABEL_PX * data.labels.length / inner);
	const below = data.labels.map((label, n) => n % every === 0 && x(n) + LABEL_PX / 3 <= width
		? text(x(n), HEIGHT - 6, 'middle', label) : null);
	return {x, y, nodes: [...grid.flat(), ...below, text(LEFT - 6 - 36, 12, 'start', data.unit)]};
}

function whole(width, label, nodes) {
	return svg('svg', {width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img',
		'aria-label': label}, ...nodes);
}

/* data: {label, unit, labels: [of each slot], titles: [...], values: [number or null]} */
export function bars(width, data) {
	const {x, y, nodes} = axes(width, data, Math.max(0, ...data.values));
	const gap = Math.min(2, (x(1) - x(0)) / 4);
	data.values.forEach((value, n) => {
		if (value)
			nodes.push(svg('rect', {class: 'bar', x: x(n) + gap / 2, width: x(n + 1) - x(n) - gap,
				y: y(value), height: y(0) - y(value)}, svg('title', {}, data.titles[n])));
	});
	return whole(width, data.label, nodes);
}

/* data.series: [{name, values}], drawn in the middle of each slot; a null is a gap. */
export function lines(width, data) {
	const all = data.series.flatMap(series => series.values).filter(value => value !== null);
	const {x, y, nodes} = axes(width, data, Math.max(0, ...all));
	data.series.forEach((series, s) => {
		const points = series.values.map((value, n) => value === null ? null
			: [(x(n) + x(n + 1)) / 2, y(value)]);
		const path = points.map((point, n) => point
			? `${points[n - 1] ? 'L' : 'M'}${point[0].toFixed(1)} ${point[1].toFixed(1)}` : '').join('');
		nodes.push(svg('path', {class: `line s${s}`, d: path}));
		points.forEach((point, n) => point && nodes.push(svg('circle', {class: `dot s${s}`, cx: point[0],
			cy: point[1], r: 2.5}, svg('title', {}, `${data.titles[n]}: ${series.name} ` +
			number(series.values[n], data.unit, 0)))));
	});
	return whole(width, data.label, nodes);
}

/* Lying bars with their names: [[name, value], ...] */
export function ranking(rows, unit) {
	const max = Math.max(1, ...rows.map(([, value]) => value));
	return el('ol', {class: 'ranking'}, rows.map(([name, value]) => el('li', {},
		el('span', {}, name), el('span', {class: 'number'}, number(value, unit)),
		el('meter', {min: 0, max, value, 'aria-hidden': 'true'}))));
}

/* Where the measured interval lies beside the limit and its tolerance. */
export function interval(v) {
	const width = 320, height = 44, line = 20;
	const from = Math.min(v.limit, v.measured - v.uncertainty);
	const to = Math.max(v.limit + (v.tolerance ?? 0), v.measured + v.uncertainty);
	const pad = (to - from) * 0.12 || 1;
	const x = value => 8 + (width - 16) * (value - from + pad) / (to - from + 2 * pad);
	const label = value => number(value, '', value % 1 ? 1 : 0);
	return svg('svg', {class: 'interval', viewBox: `0 0 ${width} ${height}`, role: 'img',
		'aria-label': `Limit ${v.limit}, measured ${v.measured} ± ${v.uncertainty} ${v.unit}`},
	svg('line', {class: 'grid', x1: 8, x2: width - 8, y1: line, y2: line}),
	svg('rect', {class: 'tolerance', x: x(v.limit), y: line - 5, height: 10,
		width: x(v.limit + (v.tolerance ?? 0)) - x(v.limit)}, svg('title', {}, 'tolerance')),
	svg('line', {class: 'limit', x1: x(v.limit), x2: x(v.limit), y1: line - 10, y2: line + 10}),
	svg('line', {class: 'span', x1: x(v.measured - v.uncertainty), x2: x(v.measured + v.uncertainty),
		y1: line, y2: line}),
	svg('circle', {class: 'value', cx: x(v.measured), cy: line, r: 4}),
	text(x(v.limit), height - 2, 'middle', label(v.limit)),
	text(x(v.measured), height - 2, 'middle', label(v.measured)));
}

/* A chart below its title, with what it says in numbers behind a fold. `update(data)` draws it, with
 * data.rows for the table; the fold and the height stay as they are. */
export class Figure {
	constructor(title, draw, head, legend = []) {
		Object.assign(this, {draw, head, title});
		this.box = el('div', {class: 'chart'});
		this.note = el('span', {class: 'quiet'}, 'Loading');
		this.fold = el('details', {ontoggle: () => this.fill()}, el('summary', {}, 'Exact values'));
		this.node = el('figure', {}, el('figcaption', {}, el('h2', {}, title), this.note,
			legend.length ? el('span', {class: 'legend'}, legend.map((name, n) =>
				el('span', {class: `s${n}`}, name))) : null), this.box, this.fold);
		new ResizeObserver(() => this.redraw()).observe(this.box);
	}

	update(data) {
		this.data = data;
		this.note.textContent = data.note ?? '';
		this.redraw();
		this.fill();
	}

	redraw() {
		const width = Math.floor(this.box.clientWidth);
		if (this.data && width > 0)
			this.box.replaceChildren(this.draw(width, this.data));
	}

	fill() {
		if (this.data && this.fold.open)
			this.fold.replaceChildren(this.fold.firstChild, el('div', {class: 'scroll'},
				table(this.title, this.head, this.data.rows)));
	}
}
