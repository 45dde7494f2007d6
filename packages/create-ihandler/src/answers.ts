/** What a package contains. */
export type Kind = 'handler' | 'source' | 'both';

/** The language of its sources. */
export type Language = 'ts' | 'js';

/** Everything that decides which files are written. */
export interface Answers {
  /** The folder as the user named it. */
  readonly folder: string;
  readonly kind: Kind;
  readonly language: Language;
  /** The name of the handler or source, in kebab case, without `ihandler-`. */
  readonly name: string;
}

/** Answers that the command line gave, and whether to ask for the others. */
export interface PartialAnswers extends Partial<Answers> {
  readonly yes: boolean;
}

/** A problem with the command line or an answer, for the user. */
export class UsageError extends Error {}

/** Throws for a name that a manifest, a folder of data or npm would not accept. */
export function checkName(name: string): string {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) && name.length <= 60) return name;
  throw new UsageError(
    `Expected a name of lower-case letters, digits and single hyphens, such as my-handler; found ${JSON.stringify(name)}.`,
  );
}

/** The name that a folder suggests: `ihandler-My_Alerts` suggests `my-alerts`. */
export function nameFrom(folder: string): string {
  const base =
    folder
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? '';
  const words = base
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const name = words.join('-').replace(/^ihandler-/, '');
  return /^[a-z]/.test(name) ? name.slice(0, 60).replace(/-$/, '') : 'my-handler';
}
