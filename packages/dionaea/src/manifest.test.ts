import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { optionsSchema } from './options.ts';

describe('the manifest', () => {
  it('offers the source for files and standard input, with the options as they are', () => {
    const { sources } = manifestSchema.parse(packageJson.ihandler);
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(sources['dionaea']).toMatchObject({ export: '.', reads: ['file', 'stdin'] });
    expect(sources['dionaea']?.options).toEqual(options);
  });
});
