const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A count in at most seven characters: `999,999`, `1.23M`, `12.3G`. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 1e6) return Number.isInteger(count) ? count.toLocaleString('en') : count.toFixed(1);
  const [unit, letter] = Math.abs(count) < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  const value = count / unit;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}${letter}`;
}

/** How long something took or takes, from milliseconds, in one unit: `12 s`, `3 min`, `5 h`, `2 d`. */
export function formatSpan(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} d`;
}

/** Bytes in binary units: `0 B`, `1.5 KiB`, `2.0 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
