import { readFileSync } from 'node:fs';
import { createIncident, type UntypedData } from '@ihandler/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formats } from '../formats.ts';
import { recordedIncidents } from '../testing/recorded-incidents.ts';
import { jsonLogSchema } from './json-shape.ts';

/** The type of every field by its path. Adds a problem for a field with two. */
function collectTypes(types: Map<string, string>, problems: string[], path: string, value: unknown): void {
  if (value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collectTypes(types, problems, path, item);
    return;
  }
  const known = types.get(path);
  if (known === undefined) types.set(path, typeof value);
  else if (known !== typeof value) problems.push(`${path}: ${known}, ${typeof value}`);
  if (typeof value === 'object')
    for (const [key, item] of Object.entries(value)) collectTypes(types, problems, `${path}.${key}`, item);
}

function jsonOf(origin: string, data: UntypedData): unknown {
  const incident = createIncident({ id: 's:1', origin, timestamp: 0, sensor: 'pot', data });
  return JSON.parse(formats.json(incident, 'info'));
}

it('a field of the JSON log has one type in all recordings', () => {
  const types = new Map<string, string>();
  const problems: string[] = [];
  for (const incident of recordedIncidents)
    collectTypes(types, problems, '', JSON.parse(formats.json(incident, 'info')));
  expect(problems).toEqual([]);
  expect(types.get('.data.connection.remote.port')).toBe('number');
  expect(types.size).toBeGreaterThan(50);
});

it('a field of the JSON log has one type, whatever origins, sensors and attackers send', () => {
  const types = new Map<string, string>();
  const problems: string[] = [];
  const name = fc.constantFrom(
    'connection',
    'command',
    'port',
    'remote',
    'from',
    'report',
    'args',
    'x',
    'x.y',
    'x_text',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.array(tie('tree')),
      fc.dictionary(name, tie('tree')),
    ),
  }));
  fc.assert(
    fc.property(
      fc.dictionary(name, tree),
      fc.constantFrom('a.b', 'dionaea.connection.link'),
      (data, origin) => {
        // Safe: these are values of incidents.
        collectTypes(types, problems, '', jsonOf(origin, data as UntypedData));
        expect(problems).toEqual([]);
      },
    ),
    { numRuns: 2000 },
  );
});

it('a command of MySQL and one of FTP are both text in the JSON log, and no value is lost', () => {
  expect(
    jsonOf('dionaea.modules.python.mysql.command', { command: 3, args: ['a', Uint8Array.of(65, 0)] }),
  ).toMatchObject({
    data: { command: '3', args: ['a', 'A\\x00'], args_base64: 'QQA=' },
  });
  expect(jsonOf('a.b', { command: 'USER', connection: 'none', list: [], o: { a: 1 } })).toMatchObject({
    data: { command: 'USER', connection_text: 'none', o: '{"a":1}' },
  });
});

it('json-log.schema.json is the schema of the JSON log', () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL('../../json-log.schema.json', import.meta.url), 'utf8'),
  );
  expect(published).toEqual(jsonLogSchema());
});
