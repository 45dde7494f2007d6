import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import logPostgres from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of log-postgres', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('describes the handler, its outbound data and the schema of its options', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifest.handlers).toEqual({
      'log-postgres': {
        export: '.',
        summary: expect.any(String),
        network: true,
        mask: false,
        sends: expect.stringContaining('PostgreSQL'),
        aliases: ['log_postgres', 'postgres', 'pg'],
        options,
      },
    });
    expect(logPostgres({ url: 'postgres://there.is.none/x' })).toMatchObject({
      contract: 1,
      name: 'log-postgres',
    });
  });

  it('lists the commands with their own summaries', () => {
    const offered = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(offered).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
