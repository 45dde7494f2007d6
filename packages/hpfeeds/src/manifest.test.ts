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

describe('the manifest of hpfeeds', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);
  const options = { server: 'broker.example', ident: 'me', secret: 'x' };

  it('describes the handler, its options and its outbound data', () => {
    expect(manifest.handlers).toEqual({
      hpfeeds: {
        export: '.',
        summary: expect.any(String),
        network: true,
        sends: expect.stringContaining('contents of samples only if'),
        aliases: [],
        options: schemaOf(publisherSchema),
      },
    });
    expect(hpfeeds(options)).toMatchObject({ contract: 1, name: 'hpfeeds' });
  });

  it('describes the source and its options', () => {
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
