import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/index.ts';
import virustotal from './index.ts';
import { optionsSchema } from './options.ts';

describe('the manifest of virustotal', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('has the handler with the options of its schema, and names the data it sends', () => {
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

  it('has every command with its summary', () => {
    const summaries = Object.entries(manifest.commands).map(([name, { summary }]) => [name, summary]);
    expect(summaries).toEqual(Object.values(commands).map(({ name, summary }) => [name, summary]));
  });
});
