import { type Incident, temporary } from '@ihandler/core';
import { knownNames } from '../../origins.ts';
import { listening, read } from '../sound.ts';
import { type Broken, hears, untyped } from './broken.ts';

/** The leaves of a value, at any depth. */
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

/** Copies deeply by assignment, so that a key `__proto__` changes every object. */
function merge(target: Record<string, unknown>, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) target[key] = value;
    else {
      target[key] ??= {};
      // Safe: it is an object. The suite must notice that it may be a prototype.
      if (typeof target[key] === 'object') merge(target[key] as Record<string, unknown>, value);
    }
  }
}

/** A handler that throws on some of the incidents that fit their origin. */
function cannot(rule: string, how: string, isTooMuch: (incident: Incident) => unknown): Broken {
  const factory = hears((incident) => {
    if (incident.misfit === undefined && isTooMuch(incident)) throw new RangeError('too much');
  });
  return { rule, how, factory };
}

/** A handler that fails for good after its first failure. */
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

const least = 'accepts minimal data: empty strings and lists, no optional keys';
const texts = 'accepts control characters, quotes and broken Unicode in any string';
const large = 'accepts the largest values: 1 MiB of text, 10,000 keys, 100 levels';
const keys = 'treats keys such as __proto__ and hasOwnProperty as data';
const continues = 'continues after an incident that cannot be handled';

/** Handlers that fail on some incidents. */
export const brokenResilience: readonly Broken[] = [
  cannot(
    'handles an ordinary incident of each origin that its globs match',
    'fails on one origin',
    ({ origin }) => origin === 'dionaea.connection.free',
  ),
  cannot(
    'accepts unknown origins, if its globs match them',
    'fails on unknown origins',
    ({ origin }) => !knownNames.includes(origin),
  ),
  {
    rule: 'accepts unknown origins, if its globs match them',
    how: 'relies on the data of an unknown origin',
    factory: () =>
      untyped({
        ...listening(''),
        on: {
          'acme.thing.seen': ({ data }: Incident) => (data['what'] as string).trim(),
        },
      }),
  },
  {
    rule: 'accepts data that does not fit its schema, if it listens to everything',
    how: 'expects a connection',
    factory: hears(({ data, origin }) => {
      if (!origin.startsWith('dionaea.connection.tcp.')) return;
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
  cannot(texts, 'expects text without NUL', ({ data }) => strings(data).some((text) => text.includes('\0'))),
  cannot(texts, 'encodes text for a URL', ({ data }) => strings(data).map(encodeURIComponent) && false),
  cannot(
    'accepts bytes where text may be bytes',
    'expects text',
    ({ data }) => data['password'] instanceof Uint8Array || data['url'] instanceof Uint8Array,
  ),
  cannot('accepts any number where a number may be', 'expects positive numbers', ({ data }) =>
    leaves(data).some((leaf) => typeof leaf === 'number' && leaf < 0),
  ),
  cannot(large, 'accepts at most 65,535 characters', ({ data }) =>
    strings(data).some(({ length }) => length > 65_535),
  ),
  cannot(large, 'accepts at most 1,000 keys', ({ data }) => Object.keys(data).length > 1000),
  cannot(large, 'accepts at most 50 levels', ({ data }) => depth(data) > 50),
  cannot(keys, 'converts data to text', ({ data }) => `${data}` === ''),
  { rule: keys, how: 'merges objects', factory: hears(({ data }) => merge({}, data)) },
  { rule: continues, how: 'fails for good', factory: (folder) => wedged()(folder) },
  {
    rule: continues,
    how: 'asks for endless retries',
    factory: hears((incident) => {
      try {
        read(incident);
      } catch (cause) {
        throw temporary('not now', { cause });
      }
    }),
  },
  {
    rule: continues,
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
