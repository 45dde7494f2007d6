// An incident may claim any time. These limits keep every year at four digits, in each time zone.
const earliest = Date.parse('0001-01-01T00:00:00Z');
const latest = Date.parse('9999-12-30T00:00:00Z');

function dateOf(timestamp: number): Date {
  return new Date(Math.min(Math.max(timestamp, earliest), latest));
}

function digits(value: number, count = 2): string {
  return String(value).padStart(count, '0');
}

/** `2026-11-22T06:50:42.123Z`, in UTC. */
export function utcTime(timestamp: number): string {
  return dateOf(timestamp).toISOString();
}

/** `22112026 06:50:42` as dionaea writes it, in local time. */
export function dionaeaTime(timestamp: number): string {
  const date = dateOf(timestamp);
  const day = digits(date.getDate()) + digits(date.getMonth() + 1) + digits(date.getFullYear(), 4);
  return `${day} ${digits(date.getHours())}:${digits(date.getMinutes())}:${digits(date.getSeconds())}`;
}

/** The day or hour of a time, as text: equal for two times in the same day or hour. */
export function periodOf(every: 'hourly' | 'daily', timestamp: number, local: boolean): string {
  const date = dateOf(timestamp);
  const shifted = local ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date;
  return shifted.toISOString().slice(0, every === 'daily' ? 10 : 13);
}
