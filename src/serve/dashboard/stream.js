/* One camera, large: its live pictures, its numbers, and starting and stopping it. */
import {ask, mayReview, repeat, send} from './api.js';
import {el, facts, failure, notice} from './dom.js';
import {number, when} from './format.js';
import {LookRate, setPicture, statePill} from './streams.js';

const NUMBERS_MS = 3000;
const AGAIN_MS = 3000;
const FPS = 12;

function join(a, b) {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}

function endOfHead(bytes) {
	for (let i = 0; i + 3 < bytes.length; i++)
		if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10)
			return i + 4;
	return -1;
}

/* The pictures of a multipart reply, whose parts say their length. An <img> would show the same, but
 * could say its token in the address only. */
async function* pictures(reply) {
	const reader = reply.body.getReader();
	let bytes = new Uint8Array(0);
	for (;;) {
		const {done, value} = await reader.read();
		if (done)
			return;
		bytes = join(bytes, value);
		for (;;) {
			const begin = endOfHead(bytes);
			if (begin < 0)
				break;
			const head = new TextDecoder().decode(bytes.subarray(0, begin));
			const end = begin + Number(/Content-Length: (\d+)/i.exec(head)[1]);
			if (bytes.length < end + 2)
				break;
			yield new Blob([bytes.subarray(begin, end)], {type: 'image/jpeg'});
			bytes = bytes.slice(end + 2);
		}
	}
}

/* Until the signal: begins again where the pictures end. */
async function watch(id, annotated, image, onstate, signal) {
	while (!signal.aborted) {
		try {
			const path = `streams/${encodeURIComponent(id)}/live?fps=${FPS}&annotated=${annotated}`;
			for await (const picture of pictures(await send(path, {signal}))) {
				setPicture(image, picture);
				image.hidden = false;
				onstate('');
			}
			onstate('The pictures have ended.');
		} catch (problem) {
			if (problem.name === 'AbortError')
				return;
			onstate(problem.message);
		}
		await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
	}
}

function numbersOf(stream, s, rate) {
	const share = count => s.frames_read ? ` (${number(100 * count / s.frames_read, '%', 2)})` : '';
	return facts([
		['State', [statePill(stream), ' ', stream.reason ?? '']],
		['Pictures', stream.width_px ? `${stream.width_px} × ${stream.height_px}` : '–'],
		['Codec', stream.codec === 'none' ? null : stream.codec],
		['Comes in', number(s.fps, 'frames/s', 1)],
		['Looked at', number(rate.perSecond, '/s', 1)],
		['Delay, median', number(s.latency_p50_ms, 'ms')],
		['Delay, 95 % below', number(s.latency_p95_ms, 'ms')],
		['Lost frames', `${number(s.frames_dropped)}${share(s.frames_dropped)}`],
		['Reconnected', `${number(s.reconnects)} ×`],
		['Last picture', s.last_frame_time ? when(s.last_frame_time) : '–'],
		['Violations', [number(s.violations), ' since it was started']],
		['Detector', stream.detector ?? '–'],
		['Calibrated', stream.is_calibrated ? 'yes' : 'no: no speeds'],
		['Configuration', `version ${stream.version}`],
		['Source', stream.source],
		['Recording', s.recording_problem],
	]);
}

/* Stopping asks once more: what is not watched is not seen. */
function controls(stream, change) {
	if (!mayReview())
		return null;
	if (!stream.is_running)
		return el('button', {type: 'button', onclick: () => change('start')}, 'Start');
	const box = el('span');
	const first = el('button', {type: 'button', onclick: () => {
		const yes = el('button', {type: 'button', class: 'danger', onclick: () => change('stop')},
			'Yes, stop it');
		box.replaceChildren('Nothing is seen while it is stopped. ', yes, ' ',
			el('button', {type: 'button', onclick: () => box.replaceChildren(first)}, 'Cancel'));
		yes.focus();
	}}, 'Stop');
	box.append(first);
	return box;
}

export function showStream({main, item: id, signal}) {
	const image = el('img', {alt: `Live picture of ${id}`, hidden: true});
	const state = el('span', {class: 'quiet', role: 'status'}, 'Loading');
	const numbers = el('div', {}, notice('Loading'));
	const actions = el('div', {class: 'actions'});
	const rate = new LookRate();
	let live = new AbortController();
	let running = null;

	function begin() {
		live.abort();
		live = new AbortController();
		watch(id, annotated.checked, image, text => {
			state.textContent = text;
		}, live.signal);
	}
	async function change(what) {
		try {
			await send(`streams/${encodeURIComponent(id)}/${what}`, {method: 'POST'});
			await look();
		} catch (problem) {
			actions.append(failure(problem));
		}
	}
	async function look() {
		try {
			const path = `streams/${encodeURIComponent(id)}`;
			const [stream, s] = await Promise.all([ask(path, {signal}),
				ask(`${path}/statistics`, {signal})]);
			rate.add(s);
			numbers.replaceChildren(numbersOf(stream, s, rate));
			if (running !== stream.is_running)
				actions.replaceChildren(controls(stream, change) ?? '');
			running = stream.is_running;
		} catch (problem) {
			if (problem.name !== 'AbortError')
				numbers.replaceChildren(failure(problem));
		}
	}

	const annotated = el('input', {type: 'checkbox', checked: true, onchange: begin});
	main.append(
		el('p', {}, el('a', {href: '#streams'}, '← All streams')),
		el('h1', {}, id),
		el('div', {class: 'large'},
			el('div', {}, el('div', {class: 'picture'}, image, state),
				el('div', {class: 'actions'}, el('label', {class: 'check'}, annotated, 'with what was found'),
					el('a', {href: `#violations?device_id=${encodeURIComponent(id)}`}, 'Its violations'),
					el('a', {href: `#traffic?device_id=${encodeURIComponent(id)}`}, 'Its traffic'),
					actions)),
			numbers));
	signal.addEventListener('abort', () => live.abort());
	begin();
	repeat(look, NUMBERS_MS, signal);
}
