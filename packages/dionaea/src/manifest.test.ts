import { type FileSourceModule, manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import * as index from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest', () => {
  it('offers the source for files and standard input, with the options as they are', () => {
    const { sources } = manifestSchema.parse(packageJson.ihandler);
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(sources['dionaea']).toMatchObject({ export: '.', reads: ['file', 'stdin'] });
    expect(sources['dionaea']?.options).toEqual(options);
  });

  it('is kept by the module: a factory that does no work, and a function that recognises files', () => {
    const module: FileSourceModule = index;
    expect(module.default({ file: '/there/is/none' })).toMatchObject({ contract: 1, name: 'dionaea' });
    expect(module.recognises(new Uint8Array(), '/x')).toBe(false);
  });
});
