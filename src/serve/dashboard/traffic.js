/* Traffic over the counting lines, and violations by time and place. */
import {ask, query, repeat} from './api.js';
import {Figure, bars, lines, ranking} from './chart.js';
import {choice, el, failure, notice, table} from './dom.js';
import {dayOf, hourOf, number, shortTime, words} from './format.js';

const AGAIN_MS = 60000;
const HOUR_MS = 3600000;
const spans = {
	'24': {text: 'Last 24 hours', step: 'quarter', each: '15 min'},
	'168': {text: 'Last 7 days', step: 'hour', each: 'hour'},
	'672': {text: 'Last 4 weeks', step: 'day', each: 'day'},
};

/* "stop, forward": what a line and its direction are chosen by. */
const wayOf = count => `${count.line}, ${count.direction}`;

function slots(items, step) {
	return {labels: items.map(item => step === 'quarter' ? hourOf(item.from) : dayOf(item.from)),
		titles: items.map(item => shortTime(item.from))};
}

function drawFlow(figures, buckets, span) {
	const total = buckets.reduce((sum, b) => sum + b.count, 0);
	const known = buckets.reduce((sum, b) => sum + b.measured_count, 0);
	const {labels, titles} = slots(buckets, span.step);
	const values = buckets.map(b => b.count);
	figures.flow.update({labels, values, unit: `per ${span.each}`,
		titles: titles.map((t, n) => `${t}: ${number(values[n])}`),
		label: `Road users per ${span.each}, ${total} in all`,
		note: `${number(total)} road users; each line counts its own`,
		rows: buckets.map((b, n) => [titles[n], number(b.count), number(b.flow_per_hour, '', 0),
			b.occupied_ratio === null ? '–' : number(100 * b.occupied_ratio, '%', 1),
			b.level_of_service === 'unknown' ? '–' : b.level_of_service])});
	figures.speed.update({labels, titles, unit: 'km/h', label: 'Percentiles of speed in km/h',
		note: `${number(known)} of ${number(total)} measured; percentiles to 1 km/h`,
		series: [['15 %', 'p15_kmh'], ['median', 'p50_kmh'], ['85 %', 'p85_kmh']]
			.map(([name, key]) => ({name, values: buckets.map(b => b[key])})),
		rows: buckets.map((b, n) => [titles[n], number(b.p15_kmh, '', 0), number(b.p50_kmh, '', 0),
			number(b.p85_kmh, '', 0), number(b.mean_kmh, '', 1), number(b.measured_count)])});
}

function drawTrend(figure, trends) {
	const {labels, titles} = slots(trends.hourly, trends.hours > 24 ? 'hour' : 'quarter');
	const values = trends.hourly.map(hour => hour.count);
	figure.update({labels, values, unit: 'per hour',
		titles: titles.map((t, n) => `${t}: ${values[n]}`),
		label: `Violations per hour, ${trends.total_violations} in all`,
		note: `${number(trends.total_violations)} violations, ` +
			`${number(trends.violations_per_hour, '', 2)} an hour`,
		rows: trends.hourly.map((hour, n) => [titles[n], number(hour.count)])});
}

function countTable(counts) {
	const rows = counts.map(c => [c.device_id, c.line, c.lane ?? '–', c.direction, words(c.class_name),
		number(c.count), c.mean_kmh === null ? '–' : number(c.mean_kmh, '', 1), number(c.measured_count)]);
	return rows.length ? el('div', {class: 'scroll'}, table('By class, line and direction, whole hours',
		['Camera', 'Line', 'Lane', 'Direction', 'Class', 'Count', 'Mean km/h', 'Measured'], rows))
		: notice('Nobody crossed a line in this time.');
}

function byName(counts) {
	const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
	return rows.length ? ranking(rows.map(([name, count]) => [words(name), count]))
		: notice('No violations in this time.');
}

export async function showTraffic({main, signal, query: given}) {
	const chosen = {device_id: given.device_id ?? '', way: '', hours: '24'};
	const figures = {
		flow: new Figure('Traffic', bars,
			['From', 'Road users', 'Per hour', 'Line occupied', 'Level of service']),
		speed: new Figure('Speed', lines, ['From', '15 % below, km/h', 'Median, km/h',
			'85 % below, km/h', 'Mean, km/h', 'Measured'], ['15 % below', 'median', '85 % below']),
		trend: new Figure('Violations', bars, ['From', 'Violations']),
	};
	const form = el('form', {class: 'filters', 'aria-label': 'What is shown'});
	const message = el('div', {});
	const counts = el('section', {class: 'panel wide'}, notice('Loading'));
	const types = el('section', {class: 'panel'}, notice('Loading'));
	const spots = el('section', {class: 'panel'}, notice('Loading'));
	main.append(el('h1', {}, 'Traffic'), form, message, el('div', {class: 'figures'}, figures.flow.node,
		figures.speed.node, counts, figures.trend.node, el('div', {class: 'part'}, types, spots)));

	const take = event => {
		chosen[event.target.name] = event.target.value;
		if (event.target.name === 'device_id')
			chosen.way = '';
		look();
	};
	const controls = (devices, ways) => form.replaceChildren(
		choice('device_id', 'Camera', [['', 'All'], ...devices.map(id => [id, id])], chosen.device_id, take),
		choice('way', 'Line', [['', 'All'], ...ways.map(way => [way, way])], chosen.way, take),
		choice('hours', 'Time', Object.entries(spans).map(([hours, s]) => [hours, s.text]), chosen.hours,
			take));
	let asked = 0; /* an answer to an older question is not shown */
	async function look() {
		const question = ++asked;
		const span = spans[chosen.hours];
		const [line, direction] = chosen.way.split(', ');
		const from = new Date(Date.now() - Number(chosen.hours) * HOUR_MS).toISOString();
		const device = {device_id: chosen.device_id};
		const place = {...device, line, direction, from};
		const get = (path, values) => ask(`${path}?${query(values)}`, {signal});
		try {
			const [streams, all, flow, counted, trends, hotspots] = await Promise.all([
				ask('streams', {signal}), get('flow/counts', {...device, from}),
				get('flow', {...place, step: span.step}), get('flow/counts', place),
				get('analytics/violations/trends', {...device, hours: chosen.hours}),
				get('analytics/violations/hotspots', {hours: chosen.hours, limit: 10})]);
			if (question !== asked)
				return;
			message.replaceChildren();
			const names = [...all.counts.map(c => c.device_id), ...streams.items.map(s => s.id),
				chosen.device_id].filter(Boolean);
			if (!form.contains(document.activeElement) || document.activeElement.name !== 'way')
				controls([...new Set(names)].sort(), [...new Set(all.counts.map(wayOf))].sort());
			drawFlow(figures, flow.buckets, span);
			drawTrend(figures.trend, trends);
			counts.replaceChildren(el('h2', {}, 'Counts'), countTable(counted.counts));
			types.replaceChildren(el('h2', {}, 'Violations by type'), byName(trends.by_type));
			spots.replaceChildren(el('h2', {}, 'Hotspots'), hotspots.hotspots.length
				? ranking(hotspots.hotspots.map(spot => [spot.device_id, spot.count]))
				: notice('No violations in this time.'));
		} catch (problem) {
			if (problem.name !== 'AbortError')
				message.replaceChildren(failure(problem, look));
		}
	}
	repeat(look, AGAIN_MS, signal);
}
