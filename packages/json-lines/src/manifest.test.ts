import { type FileSourceModule, manifestSchema } from '@ihandler/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import jsonLinesFollow from './follow.ts';
import * as index from './index.ts';
import { followSchema, optionsSchema } from './options.ts';

const { sources } = manifestSchema.parse(packageJson.ihandler);
const optionsOf = (schema: z.ZodType) => {
  const { $schema, ...options } = z.toJSONSchema(schema, { io: 'input' });
  return options;
};

it('the manifest lists both sources with the options of their schemas', () => {
  expect(sources['json-lines']).toMatchObject({ export: '.', reads: ['file', 'stdin'] });
  expect(sources['json-lines']?.options).toEqual(optionsOf(optionsSchema));
  expect(sources['json-lines-follow']).toMatchObject({ export: './follow', live: true });
  expect(sources['json-lines-follow']?.options).toEqual(optionsOf(followSchema));
});

it('the modules match the manifest, and options that cannot work are explained', () => {
  const module: FileSourceModule = index;
  expect(module.default({ file: '/x' })).toMatchObject({ contract: 1, name: 'json-lines' });
  expect(jsonLinesFollow({ file: '/x', preset: 'opencanary' })).toMatchObject({ name: 'json-lines-follow' });
  expect(() => jsonLinesFollow({ file: '/x' })).toThrow(
    /expected a mapping, found none: set preset \(adbhoney, /,
  );
  expect(() => jsonLinesFollow({ file: '/x', preset: 'conpot', mappingFile: '/m.json' })).toThrow(/found 2/);
  expect(() => jsonLinesFollow({ file: '/x', mappingFile: '/missing/m.json' })).toThrow(
    /cannot read .*m\.json/,
  );
  expect(() =>
    jsonLinesFollow({ file: '/x', mapping: { name: 'a', time: 't', origin: 'a.b', orgin: 1 } as never }),
  ).toThrow(/json-lines-follow: mapping: .*orgin: unknown option/s);
});
