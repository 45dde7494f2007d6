import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Connection, Value } from '../../contract/incident.ts';
import type { OriginDescription } from '../../contract/meaning/origins.ts';
import type { Schema } from '../../contract/meaning/schema.ts';

/** The declaration of an origin in code. */
export interface OriginDefinition extends OriginDescription {
  /** The schema of its data, made with zod 4. It should allow further keys: later versions of a sensor add some. */
  readonly schema: Schema;
}

/** Declarations in code, by origin. */
export type OriginDefinitions = Readonly<Record<string, OriginDefinition>>;

type Frozen<T> = [Value] extends [T]
  ? T
  : T extends string | number | boolean | null | Uint8Array | Connection
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Frozen<Item>[]
      : { readonly [Key in keyof T]: Frozen<T[Key]> };

/** The data that fits a schema, as an incident holds it: read-only all the way down. */
export type DataOf<S extends Schema> = Frozen<StandardSchemaV1.InferOutput<S>>;

/**
 * The data of each declared origin, for `IncidentMap`:
 *
 * ```ts
 * declare module '@ihandler/core' {
 *   interface IncidentMap extends OriginMap<typeof origins> {}
 * }
 * ```
 */
export type OriginMap<D extends OriginDefinitions> = {
  readonly [O in keyof D & string]: DataOf<D[O]['schema']>;
};

/** Declares origins: types them, and does nothing else at runtime. */
export function defineOrigins<const D extends OriginDefinitions>(definitions: D): D {
  return definitions;
}
