import { manifestSchema } from '@ihandler/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import http from './index.ts';
import { optionsSchema } from './options.ts';

it('the manifest lists the live source http with the options of its schema', () => {
  const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
  expect(manifestSchema.parse(packageJson.ihandler).sources).toEqual({
    http: { export: '.', summary: expect.any(String), live: true, reads: [], aliases: [], options },
  });
  expect(http({ port: 0 })).toMatchObject({ contract: 1, name: 'http' });
});
