import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import store from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('offers the handler with the options as they are', () => {
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
    expect(store({ from: ['/there/is/none'] })).toMatchObject({ contract: 1, name: 'store' });
  });

  it('offers the commands that there are, in their words', () => {
    const offered = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(offered).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
