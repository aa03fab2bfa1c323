/* What arrives by itself: violations and alerts, told on to whoever listens to `events`. None is left
 * out: after a loss the server is asked for all that came after the last one that was heard of. */
import {Socket, ask, tell} from './api.js';

let sockets = [];

export async function startFeed(onstate) {
	/* No violation that is committed after this answer has a smaller id; at worst some come twice. */
	let last = (await ask('violations?limit=1')).items[0]?.id ?? 0;
	sockets = [
		new Socket(() => `ws/violations?after=${last}`, message => {
			if (message.type !== 'violation')
				return;
			last = Math.max(last, message.violation.id);
			tell('violation', message.violation);
		}, onstate),
		new Socket(() => 'ws/alerts', message => {
			if (message.type === 'alert')
				tell('alert', message);
		}),
	];
}

/* Without waiting for the time of the next attempt. */
export function tryAgain() {
	sockets.forEach(socket => socket.socket || socket.open());
}

export function stopFeed() {
	sockets.forEach(socket => socket.close());
	sockets = [];
}
