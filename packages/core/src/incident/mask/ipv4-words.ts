const [ZERO, NINE, DOT, DASH] = [48, 57, 46, 45];

/** The value of a dotted IPv4 address; undefined for any other text. */
export function parseIpv4(text: string): number | undefined {
  let found: number | undefined;
  findIpv4(text, (value, from, to) => {
    if (from === 0 && to === text.length && !text.includes('-')) found = value;
    return false;
  });
  return found;
}

/**
 * Finds four numbers from 0 to 255 with dots or dashes between them, in one pass. Numbers of more than three digits end a
 * sequence. In longer sequences it finds each four, unless `use` returns true: then the next one begins after it.
 */
export function findIpv4(text: string, use: (value: number, from: number, to: number) => boolean): void {
  // Where each of the last four numbers of the sequence begins, and their values as one number of 32 bits.
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let [value, count, at] = [0, 0, 0];
  while (at < text.length) {
    if (!isDigit(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    let [number, digits] = [0, 0];
    for (; at < text.length; at += 1) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      if (digits < 3) number = number * 10 + digit;
      digits += 1;
    }
    const before = text.charCodeAt(start - 1);
    const isNext = count > 0 && (before === DOT || before === DASH) && isDigit(text.charCodeAt(start - 2));
    if (digits > 3 || number > 255) {
      count = 0;
      continue;
    }
    if (!isNext) count = 0;
    count += 1;
    value = ((value << 8) | number) >>> 0;
    first = second;
    second = third;
    third = fourth;
    fourth = start;
    if (count >= 4 && use(value, first, at)) count = 0;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
