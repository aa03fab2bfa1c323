/* A card per camera. Pictures are asked for one by one, and only of cards that are in view: a browser
 * holds six connections to a server, and each live view would keep one of them. */
import {ask, fetchBlob, repeat} from './api.js';
import {el, failure, notice, say} from './dom.js';
import {number, words} from './format.js';

const STATES_MS = 3000;
const PICTURE_MS = 2000;
const NUMBERS_MS = 5000;
const MISSES = 3; /* pictures that did not come, before the last one looks old */

export function stateOf(stream) {
	if (!stream.is_running && stream.state === 'idle')
		return {kind: 'off', text: 'Idle'};
	const kind = stream.is_healthy ? 'good' : stream.is_running ? 'bad' : 'off';
	return {kind, text: kind === 'bad' && stream.state === 'live' ? 'No pictures' : words(stream.state)};
}

export function statePill(stream) {
	const {kind, text} = stateOf(stream);
	return el('span', {class: `pill ${kind}`}, text);
}

/* Frames a second that the detector looked at, between two answers about the same camera. */
export class LookRate {
	add(statistics) {
		const now = performance.now();
		const count = statistics.frames_looked_at;
		this.perSecond = this.at && count >= this.count
			? (count - this.count) / (now - this.at) * 1000 : undefined;
		Object.assign(this, {at: now, count});
	}
}

/* Shows a picture that was fetched, and lets go of the one before. */
export function setPicture(image, blob) {
	const before = image.src;
	image.src = URL.createObjectURL(blob);
	if (before.startsWith('blob:'))
		URL.revokeObjectURL(before);
}

class Card {
	constructor(stream) {
		this.image = el('img', {alt: '', hidden: true});
		this.empty = el('span', {class: 'quiet'}, 'No picture');
		this.state = el('span');
		this.numbers = el('p', {class: 'numbers'}, '\u00a0');
		this.rate = new LookRate();
		this.misses = 0;
		this.node = el('li', {}, el('a', {class: 'card', href: `#streams/${encodeURIComponent(stream.id)}`},
			el('span', {class: 'picture'}, this.image, this.empty),
			el('span', {class: 'title'}, el('strong', {}, stream.id), this.state),
			this.numbers));
		this.node.card = this;
		this.update(stream);
	}

	update(stream) {
		this.stream = stream;
		const {kind, text} = stateOf(stream);
		this.state.className = `pill ${kind}`;
		say(this.state, text);
		this.numbers.classList.toggle('bad', kind === 'bad');
		if (kind !== 'good')
			say(this.numbers, stream.reason && stream.reason !== stream.state ? stream.reason : '\u00a0');
		this.numbers.title = stream.reason ?? '';
		this.image.alt = `Latest picture of ${stream.id}`;
	}

	async takePicture(signal) {
		if (!this.inView || !this.stream.is_healthy)
			return;
		const path = `streams/${encodeURIComponent(this.stream.id)}/snapshot.jpg?annotated=true`;
		const blob = await fetchBlob(path, {signal}).catch(() => null);
		this.misses = blob ? 0 : this.misses + 1;
		this.image.classList.toggle('old', this.misses >= MISSES);
		if (!blob)
			return;
		setPicture(this.image, blob);
		this.image.hidden = false;
		this.empty.hidden = true;
	}

	async takeNumbers(signal) {
		if (!this.inView || !this.stream.is_healthy)
			return;
		const path = `streams/${encodeURIComponent(this.stream.id)}/statistics`;
		const s = await ask(path, {signal}).catch(() => null);
		if (!s)
			return;
		this.rate.add(s);
		say(this.numbers, [`${number(s.fps, 'frames/s', 1)}`,
			this.rate.perSecond === undefined ? null : `looked at ${number(this.rate.perSecond, '', 1)}`,
			s.latency_p50_ms === null ? null : `delay ${number(s.latency_p50_ms, 'ms')}`,
		].filter(Boolean).join(' · '));
	}
}

/* Cards keep their place: by id, as the server lists them. */
function lay(list, cards, streams, watcher) {
	const ids = new Set(streams.map(stream => stream.id));
	for (const [id, card] of cards)
		if (!ids.has(id)) {
			card.node.remove();
			cards.delete(id);
		}
	streams.forEach((stream, n) => {
		const card = cards.get(stream.id) ?? new Card(stream);
		card.update(stream);
		if (!cards.has(stream.id)) {
			cards.set(stream.id, card);
			list.insertBefore(card.node, list.children[n] ?? null);
			watcher.observe(card.node);
		}
	});
}

export function showStreams({main, signal}) {
	const cards = new Map();
	const summary = el('p', {class: 'quiet'}, '\u00a0');
	const list = el('ul', {class: 'cards', hidden: true});
	const message = el('div', {}, notice('Loading'));
	const all = step => Promise.all([...cards.values()].map(step));
	const watcher = new IntersectionObserver(entries => entries.forEach(entry => {
		const card = entry.target.card;
		const came = entry.isIntersecting && !card.inView;
		card.inView = entry.isIntersecting;
		if (came) {
			card.takePicture(signal);
			card.takeNumbers(signal);
		}
	}));
	signal.addEventListener('abort', () => watcher.disconnect());
	main.append(el('h1', {}, 'Streams'), summary, message, list);
	repeat(async () => {
		try {
			const {items} = await ask('streams', {signal});
			lay(list, cards, items, watcher);
			const well = items.filter(stream => stream.is_healthy).length;
			say(summary, items.length ? `${well} of ${items.length} give pictures.` : '\u00a0');
			message.replaceChildren(items.length ? '' :
				notice('No cameras yet. An admin adds them with POST /streams or in gantry.yaml.'));
			list.hidden = items.length === 0;
		} catch (problem) {
			if (problem.name !== 'AbortError')
				message.replaceChildren(failure(problem));
		}
	}, STATES_MS, signal);
	repeat(() => all(card => card.takePicture(signal)), PICTURE_MS, signal);
	repeat(() => all(card => card.takeNumbers(signal)), NUMBERS_MS, signal);
}
