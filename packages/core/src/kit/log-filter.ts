import { IhandlerError } from '../contract/error.ts';
import { LEVELS, type Level } from '../contract/log.ts';

const known: ReadonlySet<string> = new Set([...LEVELS, 'all']);
const longest = 512;

function isLevel(name: string): name is Level {
  return name !== 'all' && known.has(name);
}

function partsOf(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

function invalid(expected: string, found: string, where: string): IhandlerError {
  const [part, whole] = [found, where].map((text) => JSON.stringify(text.slice(0, 80)));
  return new IhandlerError(
    'OPTIONS_INVALID',
    `Expected ${expected}, found ${part}${part === whole ? '' : ` in ${whole}`}.`,
  );
}

/**
 * Reads dionaea's grammar of levels: a comma list, from left to right; `-debug` removes, `debug` and `+debug` add, `all` is
 * every level. `all,-debug` is everything but debug. Unlike dionaea it lets blanks stand around a name. Throws
 * `OPTIONS_INVALID`, which names the levels, for a name that is none.
 */
export function parseLevels(text: string): ReadonlySet<Level> {
  const chosen = new Set<Level>();
  for (const part of partsOf(text)) {
    const name = part.replace(/^[+-]\s*/, '');
    const levels = name === 'all' ? LEVELS : isLevel(name) ? [name] : undefined;
    if (levels === undefined)
      throw invalid(
        `a comma list of levels such as "all,-debug" (known: ${[...known].join(', ')})`,
        part,
        text,
      );
    for (const level of levels)
      if (part.startsWith('-')) chosen.delete(level);
      else chosen.add(level);
  }
  return chosen;
}

/** Whether a glob of `*` (any run of characters) and `?` (any one) matches all of a text. Never worse than length times length. */
function matches(glob: readonly string[], text: readonly string[]): boolean {
  let [at, from] = [0, 0];
  let star = -1;
  for (let i = 0; i < text.length; ) {
    if (at < glob.length && (glob[at] === '?' || (glob[at] === text[i] && glob[at] !== '*'))) {
      at += 1;
      i += 1;
    } else if (glob[at] === '*') {
      star = at;
      from = i;
      at += 1;
    } else if (star !== -1) {
      from += 1;
      i = from;
      at = star + 1;
    } else return false;
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}

/**
 * Reads dionaea's grammar of domains: a comma list of globs, of which one must match the whole of a domain. `*` is any run
 * of characters, `?` any one, everything else means itself; there is no exclusion. Blanks around a glob are left out.
 * Throws `OPTIONS_INVALID` for an empty glob.
 */
export function parseDomains(text: string): (domain: string) => boolean {
  const globs = partsOf(text).map((glob) => {
    if (glob === '' || glob.length > longest)
      throw invalid(
        `a comma list of globs of 1 to ${longest} characters, such as "dionaea.connection.*"`,
        glob,
        text,
      );
    return [...glob.replace(/\*+/g, '*')];
  });
  return (domain) => {
    const characters = [...domain];
    return globs.some((glob) => matches(glob, characters));
  };
}
