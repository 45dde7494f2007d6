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
 * Parses a list of levels, separated by commas, from left to right: `-debug` removes a level, `debug` and `+debug` add it,
 * `all` is every level. `all,-debug` is every level but `debug`. Blanks around a name are ignored. Throws `OPTIONS_INVALID`
 * for an unknown name.
 */
export function parseLevels(text: string): ReadonlySet<Level> {
  const chosen = new Set<Level>();
  for (const part of partsOf(text)) {
    const name = part.replace(/^[+-]\s*/, '');
    const levels = name === 'all' ? LEVELS : isLevel(name) ? [name] : undefined;
    if (levels === undefined)
      throw invalid(
        `levels separated by commas, such as "all,-debug" (known: ${[...known].join(', ')})`,
        part,
        text,
      );
    for (const level of levels)
      if (part.startsWith('-')) chosen.delete(level);
      else chosen.add(level);
  }
  return chosen;
}

/** Whether a glob of `*` (any characters) and `?` (any one character) matches a whole text. Takes at most length times length steps. */
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
 * Parses a list of globs, separated by commas, and returns a function that tells whether one of them matches a whole domain.
 * `*` is any characters, `?` any one character, and every other character stands for itself. Blanks around a glob are ignored.
 * Throws `OPTIONS_INVALID` for a glob that is empty or too long.
 */
export function parseDomains(text: string): (domain: string) => boolean {
  const globs = partsOf(text).map((glob) => {
    if (glob === '' || glob.length > longest)
      throw invalid(
        `globs of 1 to ${longest} characters separated by commas, such as "store,log-*"`,
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
