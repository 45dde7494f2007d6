import micromatch from 'micromatch';
import { IhandlerError } from '../contract/error.ts';

const longest = 512;
/** `bash` lets a star match dots and the empty text; the fast paths do not support that. */
const options = { bash: true, dot: true, fastpaths: false, strictSlashes: true };

const instead: Readonly<Record<string, string>> = {
  '?': 'write "*", which is any run of characters',
  '{': 'write one glob for each alternative',
  '}': 'write one glob for each alternative',
  '[': 'write one glob for each alternative',
  ']': 'write one glob for each alternative',
  '(': 'write one glob for each alternative',
  ')': 'write one glob for each alternative',
  '|': 'write one glob for each alternative',
  ',': 'write one glob for each alternative',
  '!': 'write what to leave out under "except"',
  '/': 'separate the parts of an origin with dots',
};

function invalid(glob: string): IhandlerError {
  const found = JSON.stringify(glob.slice(0, longest));
  if (glob === '')
    return new IhandlerError('GLOB_INVALID', 'Expected a glob, found "": write "*" for everything.');
  if (glob.length > longest)
    return new IhandlerError(
      'GLOB_INVALID',
      `Expected a glob of at most ${longest} characters, found ${found}…`,
    );
  const strange = /[^A-Za-z0-9_.*-]/u.exec(glob)?.[0] ?? '';
  const advice = instead[strange] ?? 'leave it out';
  return new IhandlerError(
    'GLOB_INVALID',
    `Expected a glob of letters, digits, "_", "-", dots and "*", found ${JSON.stringify(strange)} in ${found}: ${advice}.`,
  );
}

/**
 * The glob with every star but the last inside a lookahead, whose first match is final. Otherwise several stars would be
 * tried in all combinations: `*a*a*a*a*` against 256 times `a` would never end.
 */
function withoutBacktracking(glob: string): string {
  const [head = '', ...rest] = glob.replace(/\*+/g, '*').split('*');
  const tail = rest.pop();
  return (
    head +
    rest.map((part, index) => `(?=(*${part}))\\${index + 1}`).join('') +
    (tail === undefined ? '' : `*${tail}`)
  );
}

/**
 * Compiles a glob over origins, to match many. `*` matches any characters, dots included, or none; everything else matches
 * itself. The time of a match is linear in the length of the origin for each star. Throws `GLOB_INVALID`.
 */
export function compileGlob(glob: string): (origin: string) => boolean {
  if (glob.length > longest || !/^[A-Za-z0-9_.*-]+$/.test(glob)) throw invalid(glob);
  const expression = micromatch.makeRe(withoutBacktracking(glob), options);
  return (origin) => expression.test(origin);
}

/** Whether a glob matches an origin. Compiles the glob each time: for many origins use {@link compileGlob}. */
export function matchOrigin(glob: string, origin: string): boolean {
  return compileGlob(glob)(origin);
}
