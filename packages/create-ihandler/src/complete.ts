import {
  type Answers,
  checkName,
  type Kind,
  type Language,
  nameFrom,
  type PartialAnswers,
  UsageError,
} from './answers.ts';

/** Asks a question; an empty answer means the default. Undefined without a terminal. */
export type Ask = ((question: string, fallback: string) => Promise<string>) | undefined;

async function choose<T extends string>(
  ask: Ask,
  question: string,
  choices: readonly [T, ...T[]],
): Promise<T> {
  if (ask === undefined) return choices[0];
  const given = (await ask(`${question} (${choices.join(', ')})`, choices[0])).trim().toLowerCase();
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw new UsageError(`Expected ${choices.join(' or ')}; found ${JSON.stringify(given)}.`);
}

/** Completes the answers of the command line: asks for those that are missing, unless `yes`, or without a terminal. */
export async function complete(given: PartialAnswers, asking: Ask): Promise<Answers> {
  const ask = given.yes ? undefined : asking;
  const folder = given.folder ?? (await ask?.('Folder', 'my-handler')) ?? 'my-handler';
  const kind = given.kind ?? (await choose<Kind>(ask, 'Kind', ['handler', 'source', 'both']));
  const language = given.language ?? (await choose<Language>(ask, 'Language', ['ts', 'js']));
  const suggested = nameFrom(folder);
  // A folder on the command line names the package.
  const name =
    given.name ??
    (given.folder === undefined ? await ask?.(`Name of the ${kind}`, suggested) : undefined) ??
    suggested;
  return { folder, kind, language, name: checkName(name) };
}
