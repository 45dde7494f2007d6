import type { Definitions, JsonSchema } from '../contract/meaning/json-schema.ts';
import type { OriginDescription, Origins } from '../contract/meaning/origins.ts';
import type { Meaning, Role, RoleFacts } from '../contract/meaning/roles.ts';
import { createChecks } from './check/compile-check.ts';
import type { Check } from './check/problem.ts';
import { type CompiledRole, compileRoles } from './compile-roles.ts';

/** Declarations of origins; see {@link OriginsFile}. Without a schema, any data of an origin fits. */
export interface DeclaredOrigins {
  readonly $schema?: string;
  readonly $defs?: Definitions;
  readonly origins: Readonly<Record<string, OriginDescription & { readonly schema?: JsonSchema }>>;
}

/** Origins with the checks of their data. */
export interface OriginRegistry extends Origins {
  /**
   * The reason why data does not fit the schema of its origin: the first problem with its path and the expected and actual
   * value. Undefined when the data fits, or the origin is not declared. A key whose value is `undefined` counts as missing.
   */
  misfitOf(origin: string, data: object): string | undefined;
  /** The keys that the schema of an origin names. Others may come from an attacker. */
  keysOf(origin: string): ReadonlySet<string>;
}

/** An origin, compiled when it is first seen: most programs see a few of the declared ones. */
interface Entry {
  readonly description: OriginDescription;
  readonly schema: JsonSchema | undefined;
  readonly keys: ReadonlySet<string>;
  compiledRoles?: readonly CompiledRole[];
  roles?: readonly Role[];
  check?: Check;
  checkOf(schema: JsonSchema): Check;
}

const none: readonly never[] = Object.freeze([]);
const noKeys: ReadonlySet<string> = new Set();
const anything: Check = () => undefined;

function keysIn(schema: JsonSchema | undefined): readonly string[] {
  return [...Object.keys(schema?.properties ?? {}), ...(schema?.anyOf ?? []).flatMap(keysIn)];
}

/** Collects declarations of origins. Where two of them declare the same origin, the first one counts. */
export function createOrigins(declarations: readonly DeclaredOrigins[]): OriginRegistry {
  const declared = new Map<string, Entry>();
  for (const { origins, $defs = {} } of declarations) {
    const checkOf = createChecks($defs);
    for (const [origin, { schema, level, description, roles }] of Object.entries(origins))
      if (!declared.has(origin))
        declared.set(origin, {
          description: { level, description, ...(roles && { roles }) },
          schema,
          keys: new Set(keysIn(schema)),
          checkOf,
        });
  }

  function compiledOf(origin: string): readonly CompiledRole[] {
    const entry = declared.get(origin);
    if (entry === undefined) return none;
    entry.compiledRoles ??= compileRoles(entry.description.roles ?? {});
    return entry.compiledRoles;
  }

  return Object.freeze({
    all: () => Object.fromEntries([...declared].map(([origin, { description }]) => [origin, description])),
    has: (origin) => declared.has(origin),
    levelOf: (origin) => declared.get(origin)?.description.level ?? 'info',
    rolesOf(origin) {
      const entry = declared.get(origin);
      if (entry === undefined) return none;
      entry.roles ??= Object.freeze(compiledOf(origin).map(({ role }) => role));
      return entry.roles;
    },
    meaningsOf({ origin, data }) {
      const own = compiledOf(origin);
      if (own.length === 0) return none;
      const meanings: Meaning[] = [];
      for (const role of own) {
        const meaning = role.meaning(data);
        if (meaning !== undefined) meanings.push(meaning);
      }
      return meanings;
    },
    factsOf<R extends Role>(role: R, { origin, data }: Parameters<Origins['factsOf']>[1]) {
      const own = compiledOf(origin).find((each) => each.role === role);
      // Safe: the facts of a meaning are those of its role.
      return own?.meaning(data)?.facts as RoleFacts[R] | undefined;
    },
    misfitOf(origin, data) {
      const entry = declared.get(origin);
      if (entry === undefined) return undefined;
      entry.check ??= entry.schema === undefined ? anything : entry.checkOf(entry.schema);
      const problem = entry.check(data);
      if (problem === undefined) return undefined;
      const { path, expected, found } = problem;
      return `${path === '' ? 'data' : path}: expected ${expected}, found ${found}`;
    },
    keysOf: (origin) => declared.get(origin)?.keys ?? noKeys,
  } satisfies OriginRegistry);
}
