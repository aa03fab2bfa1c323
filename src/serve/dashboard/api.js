/* The server as the page sees it: who asks, requests, and sockets that come back. The token is kept
 * for as long as the tab is open, and is in no address: requests say it in Authorization, a WebSocket
 * as a subprotocol beside "gantry". */

const KEY = 'gantry-token';
const SILENCE_MS = 30000; /* three heartbeats */
const WAIT_MAX_MS = 30000;

/* 'signed-out' with the reason, 'violation', 'alert' (feed.js). */
export const events = new EventTarget();

export function tell(type, detail) {
	events.dispatchEvent(new CustomEvent(type, {detail}));
}

export const token = {
	get: () => sessionStorage.getItem(KEY) ?? '',
	set: text => text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY),
};

/* Who the server says we are; set by main.js. */
export const me = {name: '', role: 'viewer'};
export const mayReview = () => me.role !== 'viewer';

/* status 0: the server was not reached. */
export class Problem extends Error {
	constructor(status, message, retryAfter) {
		super(message);
		this.status = status;
		this.retryAfter = retryAfter;
	}
}

async function problemOf(reply) {
	const said = await reply.json().catch(() => ({}));
	const fields = (said.errors ?? []).map(fault => `${fault.name} ${fault.detail}`);
	return new Problem(reply.status, fields.join('; ') || said.detail || `status ${reply.status}`,
		Number(reply.headers.get('Retry-After')));
}

/* A reply that went well; else throws a Problem. `path` has no slash before it. */
export async function send(path, {method = 'GET', body, signal} = {}) {
	const headers = {};
	if (token.get())
		headers.Authorization = `Bearer ${token.get()}`;
	if (body)
		headers['Content-Type'] = 'application/json';
	const reply = await fetch(path, {method, headers, signal, body: body && JSON.stringify(body)})
		.catch(error => {
			throw error.name === 'AbortError' ? error
				: new Problem(0, 'The server cannot be reached.');
		});
	if (reply.ok)
		return reply;
	const problem = await problemOf(reply);
	if (problem.status === 401)
		tell('signed-out', token.get() ? problem.message : '');
	throw problem;
}

export const ask = async (path, options) => (await send(path, options)).json();
export const fetchBlob = async (path, options) => (await send(path, options)).blob();

/* "a=1&b=2" of those that have a value */
export function query(values) {
	const given = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
	return new URLSearchParams(given).toString();
}

/* Runs `step` now and `pause_ms` after each end of it while the page is looked at, until the signal.
 * It answers its own failures. */
export function repeat(step, pause_ms, signal) {
	let timer = 0;
	async function run() {
		if (!document.hidden)
			await step();
		if (!signal.aborted)
			timer = setTimeout(run, pause_ms);
	}
	signal.addEventListener('abort', () => clearTimeout(timer));
	run();
}

/* A WebSocket that is opened again, later each time, when it ends or falls silent. `path` is asked
 * before each time; `onstate` hears true, or false and the milliseconds until the next attempt. */
export class Socket {
	constructor(path, onmessage, onstate = () => {}) {
		Object.assign(this, {path, onmessage, onstate, failures: 0, closed: false});
		this.open();
	}

	open() {
		clearTimeout(this.timer);
		const url = new URL(this.path(), document.baseURI);
		url.protocol = url.protocol.replace('http', 'ws');
		const socket = new WebSocket(url, ['gantry', token.get()].filter(Boolean));
		this.socket = socket;
		socket.onopen = () => {
			this.failures = 0;
			this.onstate(true);
			this.listen();
		};
		socket.onmessage = message => {
			this.listen();
			this.onmessage(JSON.parse(message.data));
		};
		socket.onclose = () => this.lost(socket);
	}

	listen() {
		clearTimeout(this.silence);
		this.silence = setTimeout(() => this.lost(this.socket), SILENCE_MS);
	}

	/* A refusal shows no status here: a request tells whether the token is the reason. */
	async lost(socket) {
		if (this.closed || socket !== this.socket)
			return;
		this.drop();
		const wait_ms = Math.min(WAIT_MAX_MS, 1000 * 2 ** this.failures++) *
			(0.75 + Math.random() / 2);
		this.onstate(false, wait_ms);
		this.timer = setTimeout(async () => {
			const problem = await send('me').then(() => null, error => error);
			if (problem?.status !== 401 && !this.closed)
				this.open();
		}, wait_ms);
	}

	drop() {
		clearTimeout(this.silence);
		const socket = this.socket;
		this.socket = null;
		socket?.close();
	}

	close() {
		this.closed = true;
		clearTimeout(this.timer);
		this.drop();
	}
}
