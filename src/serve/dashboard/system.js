/* Whether all is well: alerts, the machine, the server, its store and its backend. */
import {Socket, ask, events, mayReview} from './api.js';
import {el, facts, failure, notice} from './dom.js';
import {bytes, duration, number, when, words} from './format.js';

const PAGE_ROWS = 30;

function acknowledgement(alert, again) {
	if (alert.acknowledged_by)
		return el('span', {class: 'quiet'}, `known to ${alert.acknowledged_by}`);
	if (alert.ended_at || !mayReview())
		return null;
	return el('button', {type: 'button', onclick: async event => {
		const button = event.target;
		button.disabled = true;
		await ask(`alerts/${alert.id}`, {method: 'PATCH', body: {acknowledged: true}})
			.then(again, problem => button.replaceWith(failure(problem)));
	}}, 'I know of it');
}

function alertRow(alert, again) {
	const kind = {critical: 'bad', warning: 'warn', info: 'off'}[alert.severity];
	return el('li', {class: alert.ended_at ? 'over' : null},
		el('span', {class: `pill ${kind}`}, words(alert.severity)),
		el('span', {class: 'what'}, alert.message ?? words(alert.rule)),
		el('span', {class: 'quiet'}, 'since ', when(alert.at),
			alert.ended_at ? [' until ', when(alert.ended_at)] : null),
		acknowledgement(alert, again));
}

function alertList(items, again) {
	return el('ul', {class: 'alerts'}, items.map(alert => alertRow(alert, again)));
}

function machine(s) {
	return facts([
		['Processor', number(s.cpu_percent, '%')],
		['Load, one minute', number(s.load_1m, '', 2)],
		['Memory', s.memory_used_mb === null ? '–' : `${number(s.memory_used_mb / 1024, 'GiB', 1)} of ` +
			`${number(s.memory_total_mb / 1024, 'GiB', 1)} (${number(s.memory_percent, '%')})`],
		['Gantry: processor', number(s.process_cpu_percent, '% of a core')],
		['Gantry: memory', number(s.process_memory_mb, 'MiB')],
		['Gantry: threads', number(s.process_threads)],
		['Gantry: open files', number(s.open_files)],
	]);
}

function service(p) {
	return facts([
		['Up for', duration(p.uptime_s)],
		['Requests', `${number(p.requests)}, ${number(p.requests_per_s, '/s', 1)} now`],
		['WebSockets', number(p.websockets)],
	]);
}

function store(s) {
	return [el('p', {}, s.waiting_for ? el('span', {class: 'pill bad'}, 'Nothing is written')
		: el('span', {class: 'pill good'}, 'Writes'), ' ', s.waiting_for ?? ''),
	facts([
		['Committed', `${number(s.jobs)} rows in ${number(s.commits)} transactions`],
		['Waiting for the disk', bytes(s.queued_bytes)],
		['Tried again', number(s.retries)],
		['Given up', number(s.refused)],
	])];
}

function backend(b) {
	if (!b)
		return [el('p', {class: 'quiet'}, 'None is configured: nobody is told of violations.')];
	return [el('p', {}, b.up ? el('span', {class: 'pill good'}, 'Takes violations')
		: el('span', {class: 'pill bad'}, 'Does not take them'), ' ', b.up ? '' : b.last_problem ?? ''),
	facts([
		['Told', number(b.told)],
		['Last taken', b.told_at ? when(b.told_at) : '–'],
		['Not taken', number(b.failed)],
		['Waiting', b.waiting ? `${number(b.waiting)}, the oldest for ${duration(b.oldest_waiting_s)}`
			: '0'],
	])];
}

export function showSystem({main, signal}) {
	const panel = title => {
		const body = el('div', {}, notice('Loading'));
		return {node: el('section', {class: 'panel'}, el('h2', {}, title), body),
			fill: (...nodes) => body.replaceChildren(...nodes)};
	};
	const alerts = panel('Alerts'), past = panel('Earlier alerts');
	const parts = {system: panel('Machine'), server: panel('Server'), store: panel('Store'),
		backend: panel('Backend')};
	main.append(el('h1', {}, 'System'), alerts.node,
		el('div', {class: 'panels'}, Object.values(parts).map(part => part.node)), past.node);

	async function lookAtAlerts() {
		try {
			const [open, all] = await Promise.all([ask('monitoring/alerts', {signal}),
				ask(`alerts?limit=${PAGE_ROWS}`, {signal})]);
			const over = all.items.filter(alert => alert.ended_at);
			alerts.fill(open.items.length ? alertList(open.items, lookAtAlerts)
				: notice('All is well: no alert goes on.'));
			past.fill(over.length ? alertList(over, lookAtAlerts) : notice('There were none.'));
		} catch (problem) {
			if (problem.name !== 'AbortError')
				alerts.fill(failure(problem, lookAtAlerts));
		}
	}
	const socket = new Socket(() => 'ws/monitoring', message => {
		if (message.type !== 'metrics' || document.hidden)
			return;
		parts.system.fill(machine(message.system));
		parts.server.fill(service(message.performance));
		parts.store.fill(...store(message.performance.store));
		parts.backend.fill(...backend(message.performance.backend));
	});
	signal.addEventListener('abort', () => socket.close());
	events.addEventListener('alert', lookAtAlerts, {signal});
	lookAtAlerts();
}
