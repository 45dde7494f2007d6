import { escapeControls, type Incident, type Value } from '@ihandler/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats, type LineFormat } from './formats.ts';
import { jsonData } from './json/json-data.ts';
import { dataShape } from './json/json-shape.ts';
import { connection, dataText, parseFields, suggested, template } from './testing/line-parts.ts';
import { recordedIncidents } from './testing/recorded-incidents.ts';
import { dionaeaTime } from './time-text.ts';

const everyFormat: readonly (readonly [string, LineFormat])[] = [
  ...Object.entries(formats),
  ['a template', template('{timestamp}\t{sensor} {origin} {level} {id} {data.connection} {data.url} {data}')],
];

/** Expects that the text moves no cursor, ends no line and hides nothing. */
function expectSafeLine(line: string): void {
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u);
  expect(escapeControls(line)).toBe(line);
}

describe.each(everyFormat)('the format %s', (name, format) => {
  it('writes every recorded incident as one line without control characters', () => {
    expect(recordedIncidents.length).toBeGreaterThan(1000);
    for (const incident of recordedIncidents) {
      const line = format(incident, 'info');
      expectSafeLine(line.replaceAll('\t', ' '));
      if (name === 'dionaea')
        expect(suggested.exec(line)?.slice(1, 5)).toEqual([
          dionaeaTime(incident.timestamp),
          incident.origin,
          undefined,
          'info',
        ]);
      if (name === 'json')
        expect(JSON.parse(line)).toMatchObject({ id: incident.id, origin: incident.origin });
    }
  });
});

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(
      '\n',
      '\r',
      '"',
      '\\',
      '=',
      ' ',
      '\u001b',
      '\u009b',
      '\u2028',
      '\u202e',
      '\ud800',
      'a',
      ':1-error: ',
      '{',
      '}',
      '\u00a0',
      '\u{1f41d}',
    ),
    maxLength: 12,
  }),
);
const hostileData = fc.dictionary(
  hostileText,
  fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      hostileText,
      fc.constantFrom<Value>(null, true, Number.NaN, -0, 1e300, connection),
      fc.uint8Array({ maxLength: 8 }),
      hostileText.map(
        (text): Value => ({
          ...connection,
          id: text,
          protocol: text,
          remote: { host: text, port: 1, hostname: text },
        }),
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(hostileText, tie('value'), { maxKeys: 3 }),
    ),
  })).value,
  { maxKeys: 4 },
);
const hostile = fc
  .record({
    sensor: hostileText,
    origin: hostileText,
    id: hostileText,
    data: hostileData,
    timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
  })
  .map((parts): Incident => parts);

describe('log-text with text that an attacker chose', () => {
  it.each(everyFormat)('writes one line without control characters as %s', (_, format) => {
    fc.assert(
      fc.property(hostile, (incident) => expectSafeLine(format(incident, 'info').replaceAll('\t', ' '))),
      { numRuns: 1000 },
    );
  });

  it('starts a line with three words, of which the last ends with the level', () => {
    fc.assert(
      fc.property(hostile, (incident) => {
        const [time = '', , originAndLevel = ''] = formats.lines(incident, 'debug').split(/\s/u);
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(originAndLevel).toMatch(/-debug:$/);
        const parsed = suggested.exec(formats.dionaea(incident, 'debug'));
        expect(parsed?.slice(3)).toEqual([undefined, 'debug', expect.stringMatching(/^incident(?: |$)/)]);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes text fields that parse back unchanged', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), hostileText), (data) => {
        expect(parseFields(dataText(data))).toEqual({ ...data });
      }),
      { numRuns: 1000 },
    );
  });

  it('writes one field for each value', () => {
    const countOf = (value: Value): number =>
      typeof value === 'object' &&
      value !== null &&
      !ArrayBuffer.isView(value) &&
      Object.keys(value).length > 0
        ? Object.values(value).reduce((sum: number, item: Value) => sum + countOf(item), 0)
        : 1;
    const noConnections = fc.dictionary(hostileText, fc.array(hostileText, { maxLength: 3 }), { maxKeys: 5 });
    fc.assert(
      fc.property(noConnections, (data) => {
        const expected = Object.values(data).reduce((sum, value) => sum + countOf(value), 0);
        expect(Object.keys(parseFields(dataText(data).replaceAll(/=\[\](?= |$)/g, '="[]"')))).toHaveLength(
          expected,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('writes JSON whose head parses back unchanged, and whose data does as one type for each field', () => {
    fc.assert(
      fc.property(hostile, (incident) => {
        const { sensor, id, origin, data } = JSON.parse(formats.json(incident, 'info'));
        expect({ sensor, id, origin }).toEqual({
          sensor: incident.sensor,
          id: incident.id,
          origin: incident.origin,
        });
        expect(data).toEqual(JSON.parse(JSON.stringify(jsonData(incident.data, dataShape()))));
      }),
      { numRuns: 1000 },
    );
  });
});
