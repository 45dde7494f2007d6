import { manifestSchema, optionProblems } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import forward, { type ForwardOptions } from './index.ts';
import { optionsSchema } from './options.ts';

it('the manifest offers the handler, says what leaves and to where, with the options as they are', () => {
  const { $schema, ...options } = z.toJSONSchema(optionsSchema, { io: 'input' });
  expect(manifestSchema.parse(packageJson.ihandler).handlers).toEqual({
    forward: {
      export: '.',
      summary: expect.any(String),
      network: true,
      sends: expect.stringContaining('option url'),
      aliases: [],
      options,
    },
  });
});

describe('options', () => {
  function problems(options: unknown) {
    try {
      // Safe: what does not fit is what these tests are about.
      forward(options as ForwardOptions);
      return [];
    } catch (error) {
      return optionProblems(error).map(({ path, message }) => `${path}: ${message}`);
    }
  }

  it('send plain http to another machine only when that is asked for', () => {
    expect(problems({ url: 'http://hub.example/' })).toEqual([expect.stringContaining('insecure: true')]);
    expect(problems({ url: 'http://hub.example/', insecure: true })).toEqual([]);
    for (const url of [
      'http://127.0.0.1:1/',
      'http://[::1]:1/',
      'http://localhost:1/',
      'https://hub.example/',
    ])
      expect(problems({ url })).toEqual([]);
  });

  it('need an address without user and password', () => {
    for (const url of ['hub.example', 'ftp://hub.example/', 'https://a:b@hub.example/'])
      expect(problems({ url })).toHaveLength(1);
  });

  it('pin a certificate as openssl and curl write it, or name who signed it', () => {
    const url = 'https://hub.example/';
    const colons = Array.from({ length: 32 }, () => 'AB').join(':');
    const base64 = `sha256//${Buffer.alloc(32, 7).toString('base64')}`;
    for (const pin of [colons, colons.replaceAll(':', ''), base64])
      expect(problems({ url, pin })).toEqual([]);
    expect(problems({ url, pin: colons.slice(3) })).toHaveLength(1);
    expect(problems({ url, pin: colons, ca: '/ca.pem' })).toEqual([expect.stringContaining('not both')]);
    expect(problems({ url: 'http://127.0.0.1/', ca: '/ca.pem' })).toHaveLength(1);
  });

  it('never show the token', () => {
    expect(problems({ url: 'https://hub.example/', token: 'with blanks' }).join()).not.toContain(
      'with blanks',
    );
  });
});
