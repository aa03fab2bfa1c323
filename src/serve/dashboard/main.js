/* The frame of the page: who is there, which part is shown, whether the server is. The part and what
 * it shows are in the address behind '#', so that a link leads to them. */
import {ask, events, me, token} from './api.js';
import {byId, el, failure, notice, say} from './dom.js';
import {startFeed, stopFeed, tryAgain} from './feed.js';
import {zoneName} from './format.js';
import {showStream} from './stream.js';
import {showStreams} from './streams.js';
import {showSystem} from './system.js';
import {showTraffic} from './traffic.js';
import {showViolations} from './violations.js';

const parts = [['streams', 'Streams'], ['violations', 'Violations'], ['traffic', 'Traffic'],
	['system', 'System']];
const shows = {
	streams: view => view.item ? showStream(view) : showStreams(view),
	violations: showViolations,
	traffic: showTraffic,
	system: showSystem,
};

let signedIn = false;
let leaving = new AbortController(); /* of the part that is shown */
let shown = {};
let unseen = 0; /* violations that arrived while another part was looked at */

/* '#violations/12?type=red_light' */
function address() {
	const [path, text] = location.hash.slice(1).split('?');
	const [name, item] = path.split('/');
	return {name: shows[name] ? name : 'streams', item: item ? decodeURIComponent(item) : '',
		query: Object.fromEntries(new URLSearchParams(text))};
}

function mark(name) {
	byId('nav').replaceChildren(...parts.map(([part, title]) => el('a', {href: `#${part}`,
		'aria-current': part === name ? 'page' : null}, title,
		part === 'violations' ? el('span', {class: 'count', id: 'unseen'}) : null,
		part === 'system' ? el('span', {class: 'count bad', id: 'alerts'}) : null)));
	countUnseen();
	countAlerts();
}

/* A badge lies over its link's corner: nothing moves when it comes. */
function badge(id, count, what) {
	say(byId(id), count > 99 ? '99+' : count ? String(count) : '');
	byId(id).title = count ? `${count} ${what}` : '';
}

function countUnseen() {
	if (shown.name === 'violations')
		unseen = 0;
	badge('unseen', unseen, 'new');
	document.title = unseen ? `(${unseen}) Gantry` : 'Gantry';
}

async function countAlerts() {
	const items = await ask('monitoring/alerts').then(reply => reply.items, () => []);
	badge('alerts', items.length, 'going on');
}

/* A part that can stay while its item changes says so by its `turn`. */
function route() {
	if (!signedIn)
		return;
	const next = address();
	if (shown.name === next.name && shown.turn) {
		shown.turn(next);
		return;
	}
	leaving.abort();
	leaving = new AbortController();
	const view = {...next, main: el('div', {class: 'part'}), signal: leaving.signal};
	shown = view;
	byId('main').replaceChildren(view.main);
	mark(next.name);
	scrollTo(0, 0);
	shows[next.name](view);
}

/* Connection */

let countdown = 0;

function showConnection(open, wait_ms) {
	clearInterval(countdown);
	const bar = byId('connection');
	if (open) {
		bar.replaceChildren();
		return;
	}
	const until = Date.now() + wait_ms;
	const text = el('span', {'aria-hidden': 'true'});
	const tick = () => say(text, Date.now() < until
		? ` Next attempt in ${Math.ceil((until - Date.now()) / 1000)} s.` : ' Trying.');
	bar.replaceChildren(el('p', {}, 'The connection to the server is lost.', text, ' ',
		el('button', {type: 'button', onclick: tryAgain}, 'Try now')));
	countdown = setInterval(tick, 500);
	tick();
}

/* Who */

function frame(visible) {
	for (const id of ['top', 'foot'])
		byId(id).hidden = !visible;
}

function signOut(reason) {
	if (!signedIn && !reason && byId('token'))
		return; /* a late answer to what was asked before */
	signedIn = false;
	leaving.abort();
	stopFeed();
	showConnection(true);
	token.set('');
	frame(false);
	shown = {};
	const field = el('input', {type: 'password', id: 'token', name: 'token', required: true,
		autocomplete: 'current-password', 'aria-describedby': 'why'});
	const form = el('form', {class: 'sign-in', onsubmit: event => {
		event.preventDefault();
		token.set(field.value.trim());
		begin();
	}},
	el('h1', {}, 'Gantry'),
	el('label', {for: 'token'}, 'Token'), field,
	el('p', {id: 'why', class: reason ? 'bad' : 'quiet', role: reason ? 'alert' : null},
		reason || 'The server printed one when it started for the first time; an admin makes more.'),
	el('button', {type: 'submit', class: 'main'}, 'Sign in'));
	byId('main').replaceChildren(form);
	field.focus();
}

async function begin() {
	byId('main').replaceChildren(notice('Loading'));
	try {
		Object.assign(me, await ask('me'));
		const health = await ask('health');
		say(byId('who'), `${me.name} (${me.role})`);
		byId('leave').hidden = !token.get();
		say(byId('zone'), `Times in ${zoneName()}.`);
		say(byId('version'), `Gantry ${health.version}.`);
		await startFeed(showConnection);
	} catch (problem) {
		if (problem.status === 429)
			signOut(problem.message);
		else if (problem.status !== 401)
			byId('main').replaceChildren(failure(problem, begin));
		return;
	}
	signedIn = true;
	frame(true);
	route();
}

events.addEventListener('signed-out', event => signOut(event.detail));
events.addEventListener('violation', () => {
	unseen++;
	countUnseen();
});
events.addEventListener('alert', countAlerts);
addEventListener('hashchange', route);
byId('leave').addEventListener('click', () => signOut(''));
byId('skip').addEventListener('click', event => {
	event.preventDefault();
	byId('main').focus();
});
begin();
