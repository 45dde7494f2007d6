import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, isIhandlerError } from '../error.ts';
import { failureKind } from '../failure-kind.ts';
import type { Log } from '../log.ts';
import { property } from '../property.ts';

/** No frame of a stack is longer, in characters: a longer line is text of the message, which an attacker may have written. */
const LONGEST_FRAME = 4096;

/** The most lines of a stack that are logged. */
const LONGEST_STACK = 50;

/** The folder of core: its sources, or the folder of the file that it is bundled into. */
const OWN_FOLDER = dirname(fileURLToPath(import.meta.url)).replace(/[/\\]contract[/\\]text$/, '');

/** The lines of a stack that name a place, from the innermost. */
function stackLines(error: unknown): readonly string[] {
  const stack = property(error, 'stack');
  if (typeof stack !== 'string') return [];
  return stack.split('\n', 200).filter((line) => line.length <= LONGEST_FRAME && /^\s+at /.test(line));
}

/** `/home/me/notify.js:3:11`; undefined for a line that names no file, or one of Node or core. */
function placeIn(line: string): string | undefined {
  const [, place = ''] =
    /(?:\(|at (?:async )?)((?:file:|[/\\]|[A-Za-z]:[/\\])[^()]*:\d+:\d+)\)?$/.exec(line) ?? [];
  const path = place.startsWith('file:') ? pathOf(place) : place;
  return path === '' || path.startsWith(OWN_FOLDER) ? undefined : path;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url; // of another machine, or misspelt by a tool
  }
}

/** Where an error was created: the innermost line of its stack outside Node and core; undefined when there is none. */
export function originOf(error: unknown): string | undefined {
  return stackLines(error)
    .map(placeIn)
    .find((place) => place !== undefined);
}

/**
 * The message of a handler's error with its causes and, unless it is one that the author has expected (temporary, permanent
 * or an IhandlerError), with the place in the handler's code.
 */
export function describeFailure(error: unknown): string {
  const text = describeError(error);
  if (isIhandlerError(error) || failureKind(error) !== 'unknown') return text;
  const place = originOf(error);
  return place === undefined ? text : `${text} (at ${place})`;
}

/** Logs the stack of an error and of its causes for `--debug`, one line for each call. */
export function logStack(error: unknown, log: Log): void {
  for (let current = error, depth = 0; current !== undefined && depth < 5; depth += 1) {
    const lines = stackLines(current).slice(0, LONGEST_STACK);
    if (lines.length > 0) log.debug(`stack of: ${describeError(current)}`);
    for (const line of lines) log.debug(`  ${line.trim()}`);
    current = property(current, 'cause');
  }
}
