import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import hpfeeds from './index.ts';
import { publisherSchema, subscriberSchema } from './options.ts';
import hpfeedsSource from './source.ts';

const schemaOf = (schema: z.ZodType) => {
  const { $schema, ...options } = z.toJSONSchema(schema, { io: 'input' });
  return options;
};

describe('the manifest', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);
  const options = { server: 'broker.example', ident: 'me', secret: 'x' };

  it('offers the handler with the options as they are, and says what leaves', () => {
    expect(manifest.handlers).toEqual({
      hpfeeds: {
        export: '.',
        summary: expect.any(String),
        network: true,
        sends: expect.stringContaining('contents of samples only'),
        aliases: [],
        options: schemaOf(publisherSchema),
      },
    });
    expect(hpfeeds(options)).toMatchObject({ contract: 1, name: 'hpfeeds' });
  });

  it('offers the source with the options as they are', () => {
    expect(manifest.sources).toEqual({
      hpfeeds: {
        export: './source',
        summary: expect.any(String),
        reads: [],
        live: true,
        aliases: [],
        options: schemaOf(subscriberSchema),
      },
    });
    expect(hpfeedsSource(options)).toMatchObject({ contract: 1, name: 'hpfeeds' });
  });
});
