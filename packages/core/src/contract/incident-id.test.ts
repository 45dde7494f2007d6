import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chainDepth,
  formatIncidentId,
  isIncidentId,
  parseIncidentId,
  reportedStream,
  reporterOf,
} from './incident-id.ts';

const stream = fc.string({ unit: 'binary', minLength: 1 });

describe('an incident id', () => {
  it('is parsed into the parts it was formatted from, whatever the name of the stream', () => {
    fc.assert(
      fc.property(stream, fc.maxSafeNat(), (name, ordinal) => {
        const id = formatIncidentId(name, ordinal);
        expect(parseIncidentId(id)).toEqual({ stream: name, ordinal });
        expect(isIncidentId(id)).toBe(true);
      }),
    );
  });

  it('has one spelling: formatting a parsed id returns the same id', () => {
    const tail = fc.oneof(fc.string(), fc.maxSafeNat().map(String), fc.stringMatching(/^[-+0-9exX. ]{0,6}$/));
    fc.assert(
      fc.property(stream, tail, (name, rest) => {
        const id = `${name}:${rest}`;
        try {
          const { stream: parsed, ordinal } = parseIncidentId(id);
          expect(formatIncidentId(parsed, ordinal)).toBe(id);
          expect(isIncidentId(id)).toBe(true);
        } catch (error) {
          expect(isIncidentId(id)).toBe(false);
          expect(error).toMatchObject({ code: 'INCIDENT_INVALID' });
        }
      }),
    );
  });

  it.each([
    ...[
      '',
      ':',
      's',
      's:',
      ':1',
      's:x',
      's:-1',
      's:-0',
      's:1.5',
      's:1e3',
      's:0x10',
      's: 1',
      's:1 ',
      's:+1',
      's:01',
    ],
    ...['s:1:', `s:${2 ** 53}`, 's:9999999999999999', 's:10000000000000000', 's:NaN', 's:Infinity', 's:１'],
  ])('is not %j', (id) => {
    expect(isIncidentId(id)).toBe(false);
    expect(() => parseIncidentId(id)).toThrow(expect.objectContaining({ code: 'INCIDENT_INVALID' }));
  });

  it('is shortened in the error when it is invalid', () => {
    expect(() => parseIncidentId('x'.repeat(1e6))).toThrow(/^.{0,300}$/);
  });
});

describe('the id of a report', () => {
  const instance = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/);

  it('names the reporting instance and the length of the chain of causes', () => {
    const plain = fc.stringMatching(/^[\w:-]{1,20}$/);
    fc.assert(
      fc.property(plain, fc.array(instance, { maxLength: 10 }), fc.maxSafeNat(), (name, chain, ordinal) => {
        const full = chain.reduce((sofar, reporter, n) => reportedStream(sofar, reporter, n), name);
        const id = formatIncidentId(full, ordinal);
        expect(chainDepth(id)).toBe(chain.length);
        expect(reporterOf(id)).toBe(chain.at(-1));
        expect(parseIncidentId(id).ordinal).toBe(ordinal);
      }),
    );
  });
});
