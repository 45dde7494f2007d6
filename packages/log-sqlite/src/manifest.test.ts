import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import logSqlite from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of log-sqlite', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('describes the handler, with dionaea’s names as aliases and with the schema of the options', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifest.handlers).toEqual({
      'log-sqlite': {
        export: '.',
        summary: expect.any(String),
        network: false,
        aliases: ['log_sqlite', 'logsql', 'sqlite'],
        options,
      },
    });
    expect(logSqlite({ file: '/there/is/none' })).toMatchObject({ contract: 1, name: 'log-sqlite' });
  });

  it('lists the commands with their own summaries', () => {
    const offered = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(offered).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
