/* Violations, newest first: a page from the store, older ones on demand, new ones as they arrive. */
import {ask, events, query} from './api.js';
import {choice, el, failure, notice, say} from './dom.js';
import {measured, when, words} from './format.js';
import {showViolation} from './violation.js';

const PAGE_ROWS = 50;
const ROWS_MAX = 500; /* of a page that is left open for weeks */
const severities = ['low', 'medium', 'high', 'critical'];
const fields = ['type', 'device_id', 'severity', 'review', 'from', 'to'];

function rowOf(v, filter) {
	const number = measured(v.measured, v.uncertainty, v.unit ?? '');
	return el('a', {class: `row ${v.review}`, href: addressOf(filter, v.id), 'data-id': v.id},
		el('span', {class: `severity ${v.severity}`, role: 'img', 'aria-label': `severity ${v.severity}`,
			title: `Severity: ${v.severity}`}),
		el('span', {class: 'what'}, words(v.violation_type)),
		el('span', {class: 'number'}, number ?? ''),
		el('span', {class: 'quiet'}, v.device_id, v.plate ? ` · ${v.plate}` : '', ' · ',
			el('span', {class: {confirmed: 'good', rejected: 'bad'}[v.review]}, v.review)),
		el('span', {class: 'quiet number'}, when(v.timestamp)));
}

function addressOf(filter, id = '') {
	const text = query(filter);
	return `#violations${id ? `/${id}` : ''}${text ? `?${text}` : ''}`;
}

/* Whether the server would list it under this filter (GET /violations). */
function matches(v, filter) {
	return (!filter.type || v.violation_type === filter.type) &&
		(!filter.device_id || v.device_id === filter.device_id) &&
		(!filter.severity || severities.indexOf(v.severity) >= severities.indexOf(filter.severity)) &&
		(!filter.review || v.review === filter.review) &&
		(!filter.from || v.timestamp >= filter.from) && (!filter.to || v.timestamp < filter.to);
}

/* What <input type=datetime-local> shows, in the viewer's zone, and back. */
function toLocal(iso) {
	if (!iso)
		return '';
	const date = new Date(iso);
	return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
const fromLocal = text => text ? new Date(text).toISOString() : '';

class List {
	constructor(view) {
		this.signal = view.signal;
		this.rows = el('div', {class: 'rows', onkeydown: event => this.onKey(event)});
		this.fresh = el('button', {type: 'button', class: 'fresh', onclick: () => this.showWaiting()});
		this.message = el('div', {});
		this.older = el('button', {type: 'button', hidden: true, onclick: () => this.more()},
			'Show older ones');
		this.node = el('section', {class: 'list', 'aria-label': 'List'}, this.fresh, this.rows,
			this.message, this.older);
	}

	async load(filter) {
		Object.assign(this, {filter, known: new Map(), waiting: new Map(), next: null});
		this.rows.replaceChildren();
		this.older.hidden = true;
		this.countWaiting();
		await this.more();
	}

	/* A page that comes after the filter has changed is not for this list any more. */
	async more() {
		const filter = this.filter;
		this.message.replaceChildren(notice('Loading'));
		try {
			const page = await ask(`violations?${query({...filter, limit: PAGE_ROWS,
				cursor: this.next ?? ''})}`, {signal: this.signal});
			if (filter !== this.filter)
				return;
			page.items.forEach(v => this.add(v));
			this.next = page.next;
			this.older.hidden = !page.next;
			this.message.replaceChildren(this.known.size ? ''
				: notice('No violations under these filters.'));
		} catch (problem) {
			if (problem.name !== 'AbortError')
				this.message.replaceChildren(failure(problem, () => this.more()));
		}
	}

	/* By time, then by id, as the server lists them: near the end that is given. */
	add(v) {
		const row = rowOf(v, this.filter);
		const known = this.known.get(v.id);
		this.known.set(v.id, v);
		if (known) {
			this.rows.querySelector(`[data-id="${v.id}"]`).replaceWith(row);
		} else {
			const after = [...this.rows.children].find(other => this.isNewer(v, other));
			this.rows.insertBefore(row, after ?? null);
		}
		this.markCurrent();
	}

	isNewer(v, row) {
		const other = this.known.get(Number(row.dataset.id));
		return v.timestamp > other.timestamp || (v.timestamp === other.timestamp && v.id > other.id);
	}

	/* Nothing moves below a hand or an eye: it waits for a press, unless nobody is busy here. */
	arrive(v) {
		if (this.known.has(v.id) || !matches(v, this.filter))
			return;
		const busy = this.rows.matches(':hover') || this.rows.contains(document.activeElement) ||
			this.rows.getBoundingClientRect().top < 0;
		this.waiting.set(v.id, v);
		if (this.waiting.size > ROWS_MAX)
			this.waiting.delete(this.waiting.keys().next().value);
		if (busy)
			this.countWaiting();
		else
			this.showWaiting();
	}

	countWaiting() {
		const count = this.waiting.size;
		this.fresh.disabled = count === 0;
		say(this.fresh, count ? `Show ${count} new` : 'New ones appear here');
	}

	/* Beyond ROWS_MAX the list begins again with its newest page. */
	async showWaiting() {
		if (this.known.size + this.waiting.size > ROWS_MAX)
			await this.load(this.filter);
		this.waiting.forEach(v => this.add(v));
		this.waiting.clear();
		this.message.replaceChildren();
		this.countWaiting();
	}

	select(id) {
		this.current = id;
		this.markCurrent();
	}

	markCurrent() {
		for (const row of this.rows.querySelectorAll('[aria-current]'))
			row.removeAttribute('aria-current');
		this.rows.querySelector(`[data-id="${CSS.escape(this.current ?? '')}"]`)
			?.setAttribute('aria-current', 'true');
	}

	onKey(event) {
		const row = document.activeElement;
		const next = {ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling}[event.key];
		if (!next)
			return;
		event.preventDefault();
		next.focus();
	}
}

async function filterForm(filter, onchange) {
	const [devices, summary] = await Promise.all([ask('analytics/violations/hotspots?limit=1000'),
		ask('analytics/violations/summary')]).catch(() => [{hotspots: []}, {by_type: {}}]);
	const any = [['', 'All']];
	const names = (list, chosen) => any.concat([...new Set([...list, chosen].filter(Boolean))].sort()
		.map(name => [name, name]));
	const types = names(Object.keys(summary.by_type), filter.type)
		.map(([name, text]) => [name, name ? words(name) : text]);
	const take = event => onchange(event.target.name, event.target.type === 'datetime-local'
		? fromLocal(event.target.value) : event.target.value);
	const time = (name, label) => el('label', {}, label, el('input', {type: 'datetime-local', name,
		value: toLocal(filter[name]), onchange: take}));
	return [
		choice('type', 'Type', types, filter.type ?? '', take),
		choice('device_id', 'Camera', names(devices.hotspots.map(d => d.device_id), filter.device_id),
			filter.device_id ?? '', take),
		choice('severity', 'Severity at least', any.concat(severities.map(s => [s, words(s)])),
			filter.severity ?? '', take),
		choice('review', 'Review', any.concat(['open', 'confirmed', 'rejected'].map(r => [r, words(r)])),
			filter.review ?? '', take),
		time('from', 'From'), time('to', 'To'),
	];
}

export function showViolations(view) {
	const list = new List(view);
	const detail = el('section', {class: 'detail', 'aria-label': 'Detail', tabindex: '-1'});
	const form = el('form', {class: 'filters', 'aria-label': 'Filters',
		onsubmit: event => event.preventDefault()});
	const pair = el('div', {class: 'pair'}, list.node, detail);
	let filter = null;
	let open = null; /* of the detail */

	view.main.append(el('h1', {}, 'Violations'), form, pair);
	view.turn = ({item, query: given}) => {
		const wanted = Object.fromEntries(fields.filter(f => given[f]).map(f => [f, given[f]]));
		if (!filter || query(wanted) !== query(filter)) {
			filter = wanted;
			filterForm(filter, (name, value) => {
				location.hash = addressOf({...filter, [name]: value});
			}).then(controls => form.replaceChildren(...controls));
			list.load(filter);
		}
		open?.abort();
		open = new AbortController();
		view.main.classList.toggle('open', Boolean(item));
		list.select(item);
		showViolation({main: detail, id: item, back: addressOf(filter), signal: open.signal,
			onchange: v => list.known.has(v.id) && list.add(v)});
	};
	events.addEventListener('violation', event => list.arrive(event.detail), {signal: view.signal});
	view.signal.addEventListener('abort', () => open?.abort());
	view.turn(view);
}
