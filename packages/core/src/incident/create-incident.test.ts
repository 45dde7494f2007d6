import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIncident, type IncidentParts } from './create-incident.ts';

const parts: IncidentParts = {
  id: 's:1',
  origin: 'acme.thing.seen',
  timestamp: 1.5,
  sensor: 'pot',
  data: {},
};
/** Parts that TypeScript rejects, but JavaScript and files may contain. */
const forged = (wrong: object) => ({ ...parts, ...wrong }) as IncidentParts;

describe('createIncident', () => {
  it('returns exactly the parts that it gets', () => {
    expect(createIncident(parts)).toStrictEqual({ ...parts });
    const made = createIncident({ ...parts, ...{ more: 'this is not part of an incident' } });
    expect(Object.keys(made)).toEqual(['id', 'origin', 'timestamp', 'sensor', 'data']);
  });

  it('ignores the misfit of another incident', () => {
    const offer = { ...parts, origin: 'dionaea.download.offer', misfit: 'as another incident claims' };
    expect(createIncident({ ...offer, data: { url: 'x' } })).not.toHaveProperty('misfit');
  });

  it('freezes the incident deeply, and returns a copy of its bytes at each access', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (json) => {
        const data = { ...(json as IncidentParts['data']), bytes: new Uint8Array(2) };
        const check = (value: unknown): void => {
          if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
          expect(Object.isFrozen(value)).toBe(true);
          for (const inner of Object.values(value)) check(inner);
        };
        const made = createIncident({ ...parts, data });
        check(made);
        const { bytes } = made.data as { readonly bytes: Uint8Array };
        bytes[0] = 7;
        expect(made.data).toMatchObject({ bytes: new Uint8Array(2) });
      }),
    );
  });

  it.each(['a', 'a.b', 'A-1_.x', 'a'.repeat(256), 'constructor', 'dionaea.connection.tcp.accept'])(
    'accepts the origin %s',
    (origin) => {
      expect(createIncident({ ...parts, origin }).origin).toBe(origin);
    },
  );

  it.each([
    ...['', '.', 'a.', '.a', 'a..b', 'a b', 'a*', 'a\n', 'é', 'a/b', 'a'.repeat(257), '\u001b[2J'],
    ...[undefined, null, 7, ['a.b'], { toString: () => 'a.b' }],
  ])('rejects the origin %j', (origin) => {
    expect(() => createIncident(forged({ origin }))).toThrow(
      expect.objectContaining({ code: 'INCIDENT_INVALID' }),
    );
  });

  it.each([
    ['an id', { id: 'no id' }],
    ['an id', { id: 's:-1' }],
    ['an id', { id: undefined }],
    ['an id', { id: 7 }],
    ['a time', { timestamp: Number.NaN }],
    ['a time', { timestamp: Number.POSITIVE_INFINITY }],
    ['a time', { timestamp: '2009-11-06' }],
    ['a time', { timestamp: undefined }],
    ['data', { data: undefined }],
    ['data', { data: null }],
    ['data', { data: [] }],
    ['data', { data: 'text' }],
  ])('rejects an incident without %s: %j', (_, wrong) => {
    expect(() => createIncident(forged(wrong))).toThrow(
      expect.objectContaining({ code: 'INCIDENT_INVALID' }),
    );
  });

  it('shows the invalid value in its error, shortened and with control characters escaped', () => {
    const make = () => createIncident(forged({ origin: `\u001b[2J\u202e${'x'.repeat(1e6)}` }));
    expect(make).toThrow(/^[ -~]{1,400}$/);
    expect(() => createIncident(forged({ timestamp: 7n }))).toThrow('Expected a timestamp');
  });
});
