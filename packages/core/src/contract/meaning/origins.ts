import type { Incident, Value } from '../incident.ts';
import type { Level } from '../log.ts';
import type { Definitions, JsonSchema } from './json-schema.ts';
import type { Meaning, Role, RoleFacts } from './roles.ts';

/**
 * What is done with a value before it becomes a fact:
 * - `seconds`: a number of seconds becomes milliseconds;
 * - `time`: a date and time in ISO 8601 (UTC if it names no zone) becomes milliseconds since the Unix epoch;
 * - `basename`: the part of a path after the last `/` or `\`;
 * - `word`: the text up to the first white space;
 * - `count`: the number of items of a list, or of keys of an object.
 */
export type Conversion = 'seconds' | 'time' | 'basename' | 'word' | 'count';

/**
 * Where a fact is in the data of an incident. A text is a path: keys and indexes joined by dots, such as `credentials.0.user`.
 * Of a list, the first source that has a value counts. `null` counts as missing.
 */
export type FactSource =
  | string
  /** The same value for all incidents of the origin. */
  | { readonly value: Value }
  /** A path, and what is done with its value. */
  | { readonly path: string; readonly as: Conversion }
  /** A text in which `{path}` stands for the value at a path; a list is joined by spaces. No value if one of them is missing. */
  | { readonly text: string }
  /** A key made like `text`, with `{path:word}` for the first word of a value, and the value for each key. */
  | { readonly lookup: string; readonly in: Readonly<Record<string, Value>> }
  /** An object with the values of these keys, as far as they exist. */
  | { readonly pick: readonly string[] }
  | readonly FactSource[];

/**
 * The roles of an origin, and where in its data the facts are. `connection`, `parent` and `child` are found under their own
 * names; any other fact that is not listed is missing.
 */
export type RoleMappings = {
  readonly [R in Role]?: { readonly [F in keyof RoleFacts[R]]?: FactSource };
};

/** What a package says about an origin, without the schema of its data. */
export interface OriginDescription {
  /** Its default severity. */
  readonly level: Level;
  /** What happened, in a sentence or two, for the page of incidents. */
  readonly description: string;
  /** The roles of its incidents. @default it has no role */
  readonly roles?: RoleMappings;
}

/** What the package that reports an origin says about it. */
export interface OriginDeclaration extends OriginDescription {
  /** The schema of its data. Further keys are always allowed: later versions of a sensor add some. */
  readonly schema: JsonSchema;
}

/**
 * The content of `origins.json`, which a package lists as `origins` in its manifest: the origins that it reports, as data, so
 * that no code of the package runs to know them. `ihandler origins` generates it.
 */
export interface OriginsFile {
  readonly $schema?: string;
  /** What several schemas refer to. */
  readonly $defs?: Definitions;
  readonly origins: Readonly<Record<string, OriginDeclaration>>;
}

/** The origins that are declared by core and by the installed packages. */
export interface Origins {
  /** What is declared, by origin: plain data. */
  all(): Readonly<Record<string, OriginDescription>>;
  /** Whether an origin is declared. */
  has(origin: string): boolean;
  /** The default level of an origin; `info` for one that is not declared. */
  levelOf(origin: string): Level;
  /** The roles that an origin can have, in declared order. Roles that this version does not know are left out. */
  rolesOf(origin: string): readonly Role[];
  /**
   * The roles of an incident with their facts, in declared order, computed from its data at each call. It has a role of its
   * origin if all required facts are there. Data that does not fit its schema has meanings, too, as far as the facts fit.
   */
  meaningsOf(incident: Pick<Incident, 'origin' | 'data'>): readonly Meaning[];
  /** The facts of one role; undefined if the incident does not have it. See {@link Origins.meaningsOf}. */
  factsOf<R extends Role>(role: R, incident: Pick<Incident, 'origin' | 'data'>): RoleFacts[R] | undefined;
}
