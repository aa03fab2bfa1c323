/* One violation: its evidence, the numbers that it rests on, and what people said of it. */
import {ask, fetchBlob, mayReview} from './api.js';
import {interval} from './chart.js';
import {el, facts, failure, notice} from './dom.js';
import {bytes, measured, number, when, words} from './format.js';

const texts = {scene: 'Scene', vehicle: 'Vehicle', record: 'Record', clip: 'Clip'};

/* Fetched, because an image or a video can say its token in the address only. */
async function load(file, signal) {
	const url = URL.createObjectURL(await fetchBlob(file.url.slice(1), {signal}));
	signal.addEventListener('abort', () => URL.revokeObjectURL(url));
	return url;
}

function picture(v, file, signal) {
	const frame = el('div', {class: `picture ${file.role}`}, notice('Loading'));
	load(file, signal).then(src => frame.replaceChildren(el('img', {src,
		alt: `${texts[file.role]}: ${v.explanation ?? words(v.violation_type)}`})),
	problem => frame.replaceChildren(failure(problem)));
	return frame;
}

function clip(file, signal) {
	const box = el('div', {class: 'clip'});
	const button = el('button', {type: 'button', onclick: async () => {
		button.disabled = true;
		try {
			const video = el('video', {src: await load(file, signal), controls: true, autoplay: true,
				loop: true});
			video.muted = true;
			box.replaceChildren(video);
		} catch (problem) {
			box.replaceChildren(failure(problem));
		}
	}}, `Play the clip (${bytes(file.bytes)})`);
	box.append(button);
	return box;
}

function fileList(files, signal) {
	const rows = files.map(file => el('li', {}, el('button', {type: 'button', class: 'plain',
		onclick: async () => {
			const link = el('a', {href: await load(file, signal), download: file.role});
			link.click();
		}}, texts[file.role] ?? file.role), ` ${bytes(file.bytes)}, SHA-256 `, el('code', {}, file.sha256)));
	return files.length ? el('details', {}, el('summary', {}, 'Sealed files'), el('ul', {}, rows)) : null;
}

function numbers(v) {
	if (v.measured === null)
		return null;
	const known = v.limit !== null && v.uncertainty !== null;
	return el('div', {class: 'measured'},
		el('p', {class: 'value'}, measured(v.measured, v.uncertainty, v.unit)),
		el('p', {class: 'quiet'}, v.uncertainty === null ? 'uncertainty not known'
			: 'measured, with its 95 % interval'),
		known ? interval(v) : null);
}

function about(v) {
	return facts([
		['When', when(v.timestamp)],
		['Camera', el('a', {href: `#streams/${encodeURIComponent(v.device_id)}`}, v.device_id)],
		['Severity', words(v.severity)],
		['Rule', v.rule],
		['Road user', [v.class_name, v.track_id].filter(x => x !== null).join(' ') || '–'],
		['Number plate', v.plate],
		['Limit', v.limit === null ? null : number(v.limit, v.unit, v.limit % 1 ? 1 : 0)],
		['Tolerance', v.tolerance === null ? null : number(v.tolerance, v.unit, v.tolerance % 1 ? 1 : 0)],
		['Configuration', v.config_version === null ? '–' : `version ${v.config_version}`],
		['Id', String(v.id)],
	]);
}

function said(v) {
	if (v.review === 'open')
		return el('p', {class: 'quiet'}, 'Nobody has judged it yet.');
	return facts([
		['Review', el('span', {class: `pill ${v.review === 'confirmed' ? 'good' : 'off'}`},
			words(v.review))],
		['By', [v.reviewed_by ?? '–', ', ', v.reviewed_at ? when(v.reviewed_at) : '']],
		['Reason', v.review_reason],
		['Note', v.review_note],
	]);
}

/* What an operator may say. `save` sends the change and shows what has become of it. */
function reviewForm(v, save) {
	if (!mayReview())
		return el('p', {class: 'quiet'}, 'Your token may look; reviewing needs the role operator.');
	const reason = el('input', {name: 'reason', maxlength: 500, value: v.review_reason ?? ''});
	const note = el('textarea', {name: 'note', maxlength: 2000, rows: 2}, v.review_note ?? '');
	const held = el('input', {type: 'checkbox', name: 'held', checked: v.held});
	const message = el('div', {'aria-live': 'polite'});
	const send = async review => {
		if (review === 'rejected' && !reason.value.trim()) {
			message.replaceChildren(el('p', {class: 'bad'}, 'A rejection needs a reason.'));
			reason.focus();
			return;
		}
		const change = {note: note.value, held: held.checked};
		if (review)
			Object.assign(change, {review, reason: reason.value.trim()});
		try {
			await save(change);
		} catch (problem) {
			message.replaceChildren(failure(problem));
		}
	};
	const button = (text, review, kind) => el('button', {type: 'button', class: kind,
		onclick: () => send(review)}, text);
	return el('form', {class: 'review', 'aria-label': 'Review', onsubmit: event => event.preventDefault()},
		el('label', {}, 'Reason (a rejection needs one)', reason),
		el('label', {}, 'Note for colleagues', note),
		el('label', {class: 'check'}, held, 'Keep its evidence: a case needs it'),
		el('div', {class: 'actions'}, button('Confirm', 'confirmed', 'main'),
			button('Reject', 'rejected', 'danger'), button('Save the note', null, '')),
		message);
}

export async function showViolation({main, id, back, signal, onchange}) {
	if (!id) {
		main.replaceChildren(notice('Choose one to see its evidence.'));
		return;
	}
	const judged = el('div', {});
	const drawReview = v => judged.replaceChildren(el('h3', {}, 'Review'), said(v),
		reviewForm(v, async change => {
			await ask(`violations/${v.id}`, {method: 'PATCH', body: change, signal});
			const now = await ask(`violations/${v.id}`, {signal});
			drawReview(now);
			onchange(now);
		}));
	const draw = v => {
		const files = v.files ?? [];
		const ofRole = role => files.find(file => file.role === role);
		const shown = ['scene', 'vehicle'].map(ofRole).filter(Boolean);
		drawReview(v);
		main.replaceChildren(
			el('p', {class: 'back'}, el('a', {href: back}, '← All violations')),
			el('h2', {}, words(v.violation_type)),
			v.explanation ? el('p', {class: 'sentence'}, v.explanation) : '',
			el('div', {class: 'pictures'}, shown.length ? shown.map(file => picture(v, file, signal))
				: notice('There is no picture of it.')),
			ofRole('clip') ? clip(ofRole('clip'), signal) : '',
			el('div', {class: 'below'}, el('div', {}, numbers(v), about(v)), judged),
			fileList(files, signal) ?? '');
	};
	main.replaceChildren(notice('Loading'));
	try {
		const v = await ask(`violations/${encodeURIComponent(id)}`, {signal});
		draw(v);
		onchange(v);
		main.focus({preventScroll: true});
	} catch (problem) {
		if (problem.name !== 'AbortError')
			main.replaceChildren(el('p', {}, el('a', {href: back}, '← All violations')), failure(problem));
	}
}
