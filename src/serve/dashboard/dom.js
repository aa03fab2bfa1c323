/* Elements out of plain values. A text becomes a text node: nothing that a camera, a file or a person
 * named is ever read as markup. */

function build(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function')
			node.addEventListener(name.slice(2), value);
		else if (value === true)
			node.setAttribute(name, '');
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, value);
	}
	node.append(...children.flat().filter(child => child !== null && child !== undefined));
	return node;
}

/* el('a', {href: '#x', onclick: f}, 'text', node, [more]) */
export function el(name, attributes = {}, ...children) {
	return build(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
	return build(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

/* Writes a text only where it is another one, so that a reader's selection stays. */
export function say(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function byId(id) {
	return document.getElementById(id);
}

/* Loading, empty, and the like: one line in the place of the content. */
export function notice(text, ...more) {
	return el('p', {class: 'notice', role: 'status'}, text, ...more);
}

/* What failed, as the server says it, and a way to try again. */
export function failure(problem, again) {
	const text = problem.status === 403 ? `Not allowed: ${problem.message}` : problem.message;
	return el('p', {class: 'notice bad', role: 'alert'}, text, ' ',
		again ? el('button', {type: 'button', onclick: again}, 'Try again') : null);
}

/* [[term, text or node], ...]; a null value is left out. */
export function facts(pairs) {
	return el('dl', {class: 'facts'}, pairs.filter(([, value]) => value !== null &&
		value !== undefined).map(([term, value]) => el('div', {}, el('dt', {}, term),
		el('dd', {}, value))));
}

/* Columns of numbers stand to the right; the first one says what the row is. */
export function table(caption, head, rows) {
	const kinds = head.map((_, n) => n && rows.some(row => /^[-−]?\d/.test(row[n])) ? 'number' : null);
	const cells = row => row.map((text, n) => el('td', {class: kinds[n]}, text));
	return el('table', {}, el('caption', {}, caption),
		el('thead', {}, el('tr', {}, head.map((text, n) =>
			el('th', {scope: 'col', class: kinds[n]}, text)))),
		el('tbody', {}, rows.map(row => el('tr', {}, cells(row)))));
}

/* [[value, text], ...] */
export function choice(name, label, options, chosen, onchange) {
	const select = el('select', {name, onchange}, options.map(([value, text]) =>
		el('option', {value, selected: value === chosen}, text)));
	return el('label', {}, label, select);
}
