import { manifestSchema } from '@ihandler/core';
import { published, readPackageJson } from '../workspace.ts';

/** The part of a JSON Schema that says where options are. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

type Path = readonly (string | number)[];

/** Values of every kind, each wrong for most options. */
const values: readonly unknown[] = [5, -1, 1.5, 1e300, 'x y', '', true, [1], [], { a: 1 }, {}, null];

function* pathsIn(schema: Schema, at: Path = []): Generator<Path> {
  for (const branch of [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])])
    for (const [name, inner] of Object.entries(branch.properties ?? {})) {
      yield [...at, name];
      yield* pathsIn(inner, [...at, name]);
    }
  const inner: readonly (readonly [string | number, Schema | boolean | undefined])[] = [
    [0, schema.items],
    ['any', schema.additionalProperties],
  ];
  for (const [key, value] of inner)
    if (typeof value === 'object') {
      yield [...at, key];
      yield* pathsIn(value, [...at, key]);
    }
}

function put([key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  return typeof key === 'number' ? [put(rest, value)] : { [key]: put(rest, value) };
}

/** A handler, source or journal of a published package, with wrong options. */
export interface WrongOptions {
  readonly name: string;
  readonly kind: 'ihandlers' | 'sources' | 'journal';
  readonly configs: readonly unknown[];
}

/** Everything that the packages of this workspace contribute, each option with a value of every kind. */
export const wrongOptions: readonly WrongOptions[] = published.flatMap(({ path }) => {
  const { data } = manifestSchema.safeParse(Reflect.get(readPackageJson(path), 'ihandler'));
  const contributed = [
    ['ihandlers', data?.handlers],
    ['sources', data?.sources],
    ['journal', data?.journals],
  ] as const;
  return contributed.flatMap(([kind, specs]) =>
    Object.entries(specs ?? {}).map(([name, { options }]) => ({
      name,
      kind,
      configs: [
        { nonsense: 1 },
        // Safe: a JSON Schema, of which only keywords with these types are read.
        ...[[], ...pathsIn(options as Schema)].flatMap((at) => values.map((value) => put(at, value))),
      ],
    })),
  );
});

/** The folders of the packages that contribute something. */
export const contributing: readonly string[] = published
  .filter(({ path }) => Reflect.get(readPackageJson(path), 'ihandler') !== undefined)
  .map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
