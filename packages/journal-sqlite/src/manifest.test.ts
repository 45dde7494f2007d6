import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import journalSqlite, * as journalModule from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of journal-sqlite', () => {
  it('has the journal with the options of its schema', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifestSchema.parse(packageJson.ihandler).journals).toEqual({
      sqlite: { export: '.', summary: expect.any(String), options },
    });
    expect(journalSqlite({ file: '/there/is/none' })).toMatchObject({ name: 'sqlite', durable: true });
  });

  it('names a module that exports view, check and compact', () => {
    expect(Object.keys(journalModule).toSorted()).toEqual(['check', 'compact', 'default', 'view']);
  });
});
