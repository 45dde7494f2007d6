import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import store from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of store', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('has the handler with the options of its schema', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifest.handlers).toEqual({
      store: {
        export: '.',
        summary: expect.any(String),
        network: false,
        aliases: ['store_samples'],
        options,
      },
    });
    expect(store({ sampleFolders: ['/there/is/none'] })).toMatchObject({ contract: 1, name: 'store' });
  });

  it('has every command with its summary', () => {
    const summaries = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(summaries).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
