import { manifestSchema } from '@ihandler/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { httpOptionsSchema } from './options.ts';
import dionaeaHttp from './source.ts';

it('the manifest lists the live source dionaea-http with the options of its schema', () => {
  const { $schema, ...options } = z.toJSONSchema(httpOptionsSchema, { io: 'input' });
  const source = manifestSchema.parse(packageJson.ihandler).sources['dionaea-http'];
  expect(source).toEqual({
    export: './http',
    summary: expect.any(String),
    live: true,
    reads: [],
    aliases: [],
    options,
  });
  expect(dionaeaHttp({ port: 0 })).toMatchObject({ contract: 1, name: 'dionaea-http' });
});
