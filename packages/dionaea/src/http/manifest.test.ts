import { manifestSchema } from '@ihandler/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { httpOptionsSchema } from './options.ts';
import dionaeaHttp from './source.ts';

it('the manifest offers dionaea-http, which is live, with the options as they are', () => {
  const { $schema, ...options } = z.toJSONSchema(httpOptionsSchema, { io: 'input' });
  const offer = manifestSchema.parse(packageJson.ihandler).sources['dionaea-http'];
  expect(offer).toEqual({
    export: './http',
    summary: expect.any(String),
    live: true,
    reads: [],
    aliases: [],
    options,
  });
  expect(dionaeaHttp({ port: 0 })).toMatchObject({ contract: 1, name: 'dionaea-http' });
});
