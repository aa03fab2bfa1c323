/* Times in the viewer's zone, numbers with their units. */

const short = new Intl.DateTimeFormat(undefined, {month: 'short', day: 'numeric', hour: '2-digit',
	minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
const long = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'long'});
const hour = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit',
	hourCycle: 'h23'});
const day = new Intl.DateTimeFormat(undefined, {weekday: 'short', month: 'short', day: 'numeric'});
const zone = new Intl.DateTimeFormat('en', {timeZoneName: 'shortOffset'});

export function zoneName() {
	const name = zone.resolvedOptions().timeZone;
	const offset = zone.formatToParts().find(part => part.type === 'timeZoneName').value;
	return name === offset ? name : `${name} (${offset})`;
}

/* A <time>; the whole of it, with the zone, where the pointer rests. */
export function when(iso) {
	const time = document.createElement('time');
	const date = new Date(iso);
	time.dateTime = iso;
	time.title = long.format(date);
	time.textContent = short.format(date);
	return time;
}

export const shortTime = iso => short.format(new Date(iso));
export const hourOf = iso => hour.format(new Date(iso));
export const dayOf = iso => day.format(new Date(iso));

/* "1 234.5 km/h"; a dash where there is no value. */
export function number(value, unit = '', digits = 0) {
	if (unit === 'deg')
		return number(value, '', digits) + '°';
	if (value === null || value === undefined)
		return '–';
	const text = value.toLocaleString(undefined, {minimumFractionDigits: digits,
		maximumFractionDigits: digits});
	return unit ? `${text}\u00a0${unit}` : text;
}

/* "71.5 ± 2.3 km/h". Half of the 95 % interval stands behind the sign. */
export function measured(value, uncertainty, unit) {
	if (value === null)
		return null;
	const digits = uncertainty !== null && uncertainty < 0.1 ? 2 : 1;
	return uncertainty === null ? number(value, unit, digits)
		: `${number(value, '', digits)} ± ${number(uncertainty, unit, digits)}`;
}

export function duration(seconds) {
	const minutes = Math.floor(seconds / 60);
	if (minutes < 1)
		return number(seconds, 's');
	if (minutes < 60)
		return number(minutes, 'min');
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${number(hours, 'h')} ${number(minutes % 60, 'min')}`
		: `${number(Math.floor(hours / 24), 'days')} ${number(hours % 24, 'h')}`;
}

export function bytes(count) {
	return count < 1000 ? number(count, 'B') : count < 1e6 ? number(count / 1e3, 'kB', 1) : number(count / 1e6, 'MB', 1);
}

/* "red_light" -> "Red light" */
export function words(name) {
	const text = name.replaceAll('_', ' ');
	return text.charAt(0).toUpperCase() + text.slice(1);
}
