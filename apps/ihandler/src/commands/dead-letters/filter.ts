import {
  type CommandArguments,
  compileGlob,
  type DeadLetter,
  encodeIncident,
  IhandlerError,
  type JournalView,
} from '@ihandler/core';
import { text, texts } from '../../app.ts';

/** The number of dead letters to read from a journal at once. */
const PAGE = 500;

/** All dead letters of an instance, oldest first, read page by page. */
export function* deadLettersOf(view: JournalView, instance: string): Generator<DeadLetter> {
  let after = 0;
  for (;;) {
    const page = view.deadLetters(instance, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.position;
  }
}

/** Globs over origins from the command line; undefined when there are none. Throws `GLOB_INVALID`. */
export function originGlobs(args: CommandArguments): readonly string[] | undefined {
  const globs = texts(args, 'origin');
  for (const glob of globs) compileGlob(glob);
  return globs.length === 0 ? undefined : globs;
}

/** Selects the dead letters that `--origin` and `--grep` match. */
export function letterFilter(args: CommandArguments): (letter: DeadLetter) => boolean {
  const globs = originGlobs(args)?.map(compileGlob);
  const grep = text(args, 'grep');
  return ({ incident, reason }) => {
    if (globs?.some((matches) => matches(incident.origin)) === false) return false;
    return grep === undefined || reason.includes(grep) || encodeIncident(incident).includes(grep);
  };
}

/** Parses the positions on the command line. Throws `OPTIONS_INVALID` for a word that is not a position. */
export function parsePositions(typed: readonly string[]): readonly number[] {
  return typed.map((word) => {
    const position = /^[1-9]\d{0,15}$/.test(word) ? Number(word) : Number.NaN;
    if (Number.isSafeInteger(position)) return position;
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected the position of a dead letter, a number such as 4711 from "dead-letters list"; found ${JSON.stringify(word.slice(0, 40))}.`,
    );
  });
}
