import { type Incident, knownOrigins, temporary } from '@ihandler/core';
import { listening, read } from '../sound.ts';
import { type Broken, hears, untyped } from './broken.ts';

/** Every string, number or byte array in a value, at any depth. */
function leaves(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
    ? Object.values(value).flatMap(leaves)
    : [value];
}

function depth(value: unknown): number {
  const items = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return items.length === 0 || ArrayBuffer.isView(value) ? 0 : 1 + Math.max(...items.slice(0, 99).map(depth));
}

function strings(value: unknown): readonly string[] {
  return leaves(value).filter((leaf) => typeof leaf === 'string');
}

/** Copies by assignment, deep: what makes a key `__proto__` everybody's. */
function merge(target: Record<string, unknown>, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) target[key] = value;
    else {
      target[key] ??= {};
      // Safe: it is an object, and whose is for the suite to notice.
      if (typeof target[key] === 'object') merge(target[key] as Record<string, unknown>, value);
    }
  }
}

/** Throws when an incident that fits its origin is one that it cannot take. */
function cannot(rule: string, how: string, isTooMuch: (incident: Incident) => unknown): Broken {
  const factory = hears((incident) => {
    if (incident.misfit === undefined && isTooMuch(incident)) throw new RangeError('too much');
  });
  return { rule, how, factory };
}

/** What is not listened to any more after a failure. */
function wedged(): Broken['factory'] {
  let failure: unknown;
  return hears((incident) => {
    if (failure !== undefined) throw failure;
    try {
      read(incident);
    } catch (error) {
      failure = error;
      throw error;
    }
  });
}

const least = 'takes as little data as fits: empty strings and lists, no optional keys';
const texts = 'takes control characters, quotes and broken Unicode in any string';
const large = 'takes values as large as they come: 1 MiB of text, 10,000 keys, 100 levels';
const keys = 'takes keys such as __proto__ and hasOwnProperty as data';
const goesOn = 'goes on after an incident that cannot be handled';

/** Handlers that some incidents are too much for. */
export const brokenResilience: readonly Broken[] = [
  cannot(
    'handles an ordinary incident of each origin it asks for',
    'fails on one',
    ({ origin }) => origin === 'dionaea.connection.free',
  ),
  cannot(
    'takes origins it never heard of, if it asks for them',
    'fails on others',
    ({ origin }) => !knownOrigins().includes(origin),
  ),
  {
    rule: 'takes origins it never heard of, if it asks for them',
    how: 'expects that what is called so has the data',
    factory: () =>
      untyped({
        ...listening(''),
        on: {
          // As somebody would who thinks that nobody else reports it.
          'acme.thing.seen': ({ data }: Incident) => (data['what'] as string).trim(),
        },
      }),
  },
  {
    rule: 'takes data that does not fit its origin, if it asks for everything',
    how: 'expects a connection',
    factory: hears(({ data, origin }) => {
      if (!origin.startsWith('dionaea.connection.tcp.')) return;
      // As somebody would who trusts the sensor.
      const { remote } = data['connection'] as { remote: { host: string } };
      remote.host.trim();
    }),
  },
  cannot(least, 'parses an empty URL', ({ data }) => data['url'] === ''),
  cannot(
    least,
    'needs an optional key',
    ({ data, origin }) => origin === 'dionaea.download.offer' && !data['connection'],
  ),
  cannot(texts, 'expects that text ends at NUL', ({ data }) =>
    strings(data).some((text) => text.includes('\0')),
  ),
  cannot(texts, 'encodes for a URL', ({ data }) => strings(data).map(encodeURIComponent) && false),
  cannot(
    'takes bytes where text may be bytes',
    'expects text',
    ({ data }) => data['password'] instanceof Uint8Array || data['url'] instanceof Uint8Array,
  ),
  cannot('takes any number where a number may be', 'expects ports', ({ data }) =>
    leaves(data).some((leaf) => typeof leaf === 'number' && leaf < 0),
  ),
  cannot(large, 'has room for 65,535 characters', ({ data }) =>
    strings(data).some(({ length }) => length > 65_535),
  ),
  cannot(large, 'has room for 1,000 keys', ({ data }) => Object.keys(data).length > 1000),
  cannot(large, 'has room for 50 levels', ({ data }) => depth(data) > 50),
  cannot(keys, 'makes text of objects', ({ data }) => `${data}` === ''),
  { rule: keys, how: 'merges objects', factory: hears(({ data }) => merge({}, data)) },
  {
    rule: 'leaves incidents as they were, their bytes too',
    how: 'wipes secrets',
    factory: hears(({ data }) => {
      for (const leaf of leaves(data)) if (leaf instanceof Uint8Array) leaf.fill(0);
    }),
  },
  { rule: goesOn, how: 'is wedged', factory: (folder) => wedged()(folder) },
  {
    rule: goesOn,
    how: 'wants to try for ever',
    factory: hears((incident) => {
      try {
        read(incident);
      } catch (cause) {
        throw temporary('not now', { cause });
      }
    }),
  },
  {
    rule: goesOn,
    how: 'never returns',
    patience: 1500,
    factory: hears((incident) => {
      try {
        return read(incident);
      } catch {
        return new Promise(() => {}); // the fault
      }
    }),
  },
];
