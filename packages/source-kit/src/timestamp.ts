const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const zero = 0x30;

/** The number in the decimal digits from `from` to `to`; NaN when another character is among them. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - zero;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

/** Milliseconds for `YYYY-MM-DDTHH:MM:SS`, as UTC; NaN for anything else. */
function parseSecond(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const between = text[10];
  const separated = text[4] === '-' && text[7] === '-' && text[13] === ':' && text[16] === ':';
  if (!separated || (between !== 'T' && between !== ' ' && between !== 't')) return Number.NaN;
  const longest = daysInMonth[month - 1] ?? 0;
  const fits = year >= 1000 && day >= 1 && day <= longest && hour < 24 && minute < 60 && second <= 60;
  return fits ? Date.UTC(year, month - 1, day, hour, minute, second) : Number.NaN;
}

/** Milliseconds to subtract for `Z`, `+02:00`, `+0200` or nothing; NaN for anything else. */
function parseZone(text: string, from: number): number {
  if (from === text.length) return 0;
  const sign = text[from];
  if ((sign === 'Z' || sign === 'z') && from + 1 === text.length) return 0;
  const colon = text[from + 3] === ':' ? 1 : 0;
  if ((sign !== '+' && sign !== '-') || text.length !== from + 5 + colon) return Number.NaN;
  const minutes = digits(text, from + 1, from + 3) * 60 + digits(text, from + 3 + colon, text.length);
  return (sign === '-' ? -minutes : minutes) * 60_000;
}

/**
 * Makes a parser of dionaea's times: `YYYY-MM-DDTHH:MM:SS` with an optional fraction and an optional zone, otherwise UTC. It
 * returns milliseconds since the Unix epoch with microseconds as a fraction, undefined for other texts. Consecutive lines
 * mostly have the same second, so it remembers the last one.
 */
export function createTimestampParser(): (text: unknown) => number | undefined {
  let lastText = '';
  let lastSecond = Number.NaN;

  return (text) => {
    if (typeof text !== 'string' || text.length < 19 || text.length > 40) return undefined;
    if (lastText === '' || !text.startsWith(lastText)) {
      lastSecond = parseSecond(text);
      lastText = Number.isNaN(lastSecond) ? '' : text.slice(0, 19);
    }
    let milliseconds = 0;
    let at = 19;
    if (text[at] === '.' || text[at] === ',') {
      const from = at + 1;
      for (at = from; isDigit(text.charCodeAt(at)); ) at += 1;
      if (at === from || at > from + 12) return undefined;
      milliseconds = digits(text, from, at) / 10 ** (at - from - 3);
    }
    const time = lastSecond + milliseconds - parseZone(text, at);
    return Number.isNaN(time) ? undefined : time;
  };
}
