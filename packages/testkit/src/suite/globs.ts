import { compileGlob, createIncident, type Handler, isWriting } from '@ihandler/core';
import { ROLES, roleIn } from '@ihandler/core/origins';
import { knownNames, knownOrigins } from '../origins.ts';

/** Any package may add origins under this root, so that a glob under it may match one that is not installed here. */
const OPEN_ROOT = 'ihandler';

/** The globs and roles (`role:login`) of a handler that are strings, as written. */
export function globsOf(handler: Handler): readonly string[] {
  const globs: readonly unknown[] = isWriting(handler)
    ? (handler.accepts ?? [])
    : Object.keys(handler.on ?? {});
  return globs.filter((glob) => typeof glob === 'string');
}

/** Why a glob or role cannot be compiled; undefined when it can. */
export function globProblem(glob: string): string | undefined {
  const role = roleIn(glob);
  if (role !== undefined)
    return Object.hasOwn(ROLES, role)
      ? undefined
      : `Unknown role ${JSON.stringify(role)}: expected one of ${Object.keys(ROLES).join(', ')}.`;
  try {
    compileGlob(glob);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether an origin matches a valid glob, or has the role. */
function matcherOf(glob: string): (origin: string) => boolean {
  const role = roleIn(glob);
  if (role === undefined) return compileGlob(glob);
  return (origin) => knownOrigins.rolesOf(origin).some((each) => each === role);
}

/** The globs and roles of a handler that a dispatcher accepts. */
export function validGlobs(handler: Handler): readonly string[] {
  return globsOf(handler).filter((glob) => globProblem(glob) === undefined);
}

/** An origin that a glob matches, with `word` in place of the stars; undefined when the result is not an origin. */
export function originFor(glob: string, word = 'conformance'): string | undefined {
  const origin = glob.replace(/\*+/g, word);
  try {
    return createIncident({ id: 'x:1', origin, timestamp: 0, sensor: 'x', data: {} }).origin;
  } catch {
    // Such as `acme..*`: an origin cannot have an empty part.
    return undefined;
  }
}

/** Whether an origin, known or not, can match a glob. `own` are the origins that the handler reports itself. */
export function canMatch(glob: string, own: readonly string[]): boolean {
  if (glob === '*' || roleIn(glob) !== undefined) return true;
  if ([...knownNames, ...own].some(compileGlob(glob))) return true;
  const roots = new Set(knownNames.map((origin) => origin.split('.', 1)[0]));
  roots.delete(OPEN_ROOT);
  const [root = ''] = glob.split('.', 1);
  return !roots.has(root) && originFor(glob) !== undefined;
}

/** The declared origins that a handler's globs match, and those with a role that it subscribes to. */
export function knownOriginsFor(handler: Handler): readonly string[] {
  const wanted = validGlobs(handler).map(matcherOf);
  return knownNames.filter((origin) => wanted.some((matches) => matches(origin)));
}

/** Whether a handler listens to `*`, and so gets incidents without a schema and misfits. */
export function takesEverything(handler: Handler): boolean {
  return globsOf(handler).includes('*');
}

/** Origins without a schema that reach a handler: through `*`, and through globs that match no known origin. */
export function foreignOriginsFor(handler: Handler): readonly string[] {
  const known = knownNames;
  return validGlobs(handler).flatMap((glob) => {
    if (roleIn(glob) !== undefined) return [];
    if (glob === '*') return ['conformance.never.heard-of', 'dionaea.never.heard-of'];
    const origin = known.some(compileGlob(glob)) ? undefined : originFor(glob);
    return origin === undefined ? [] : [origin];
  });
}
