import { manifestSchema } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import nats from './index.ts';
import { publisherSchema, subscriberSchema } from './options.ts';
import natsSource from './source.ts';

const schemaOf = (schema: z.ZodType) => {
  const { $schema, ...options } = z.toJSONSchema(schema, { io: 'input' });
  return options;
};

describe('the manifest of nats', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('describes the handler, its options and its outbound data', () => {
    expect(manifest.handlers).toEqual({
      nats: {
        export: '.',
        summary: expect.any(String),
        network: true,
        sends: 'every incident to the NATS servers',
        aliases: [],
        options: schemaOf(publisherSchema),
      },
    });
    expect(nats({ url: 'nats://127.0.0.1' })).toMatchObject({ contract: 1, name: 'nats' });
  });

  it('describes the source and its options', () => {
    expect(manifest.sources).toEqual({
      nats: {
        export: './source',
        summary: expect.any(String),
        reads: [],
        live: true,
        aliases: [],
        options: schemaOf(subscriberSchema),
      },
    });
    expect(natsSource({ url: 'nats://127.0.0.1' })).toMatchObject({ contract: 1, name: 'nats' });
  });
});
