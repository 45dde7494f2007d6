import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import journalSqlite, * as journalModule from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest', () => {
  it('offers the journal, with the options as they are', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifestSchema.parse(packageJson.ihandler).journals).toEqual({
      sqlite: { export: '.', summary: expect.any(String), options },
    });
    expect(journalSqlite({ file: '/there/is/none' })).toMatchObject({ name: 'sqlite', durable: true });
  });

  it('names a module that can view, check and compact', () => {
    expect(Object.keys(journalModule).toSorted()).toEqual(['check', 'compact', 'default', 'view']);
  });
});
