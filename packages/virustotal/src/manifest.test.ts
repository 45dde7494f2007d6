import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import virustotal from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('offers the handler with the options as they are, and says what it sends', () => {
    const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
    expect(manifest.handlers).toEqual({
      virustotal: {
        export: '.',
        summary: expect.any(String),
        network: true,
        sends: expect.stringContaining('www.virustotal.com'),
        aliases: [],
        options,
      },
    });
    expect(virustotal({ apiKey: 'k'.repeat(64) })).toMatchObject({ contract: 1, name: 'virustotal' });
  });

  it('offers the commands that there are, in their words', () => {
    const offered = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(offered).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
