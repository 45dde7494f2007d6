import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineHandler } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { describeHandler } from './index.ts';
import { knownOriginsFor } from './suite/globs.ts';

function logins(folder: string) {
  return defineHandler({
    name: 'logins',
    on: {
      'role:login': ({ facts }) =>
        appendFileSync(join(folder, 'logins.ndjson'), `${JSON.stringify(facts.username ?? '')}\n`),
    },
  });
}

function stored(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, 'logins.ndjson'), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

describe('a sound handler that subscribes to a role', () => {
  describeHandler(it, logins, { stored });

  it('gets the example incidents of each origin with the role', () => {
    expect(knownOriginsFor(logins('unused'))).toContain('dionaea.modules.python.mysql.login');
  });
});

it('a handler that subscribes to an unknown role fails the rule about globs', async () => {
  const rules = new Map<string, () => Promise<void>>();
  describeHandler(
    (name, run) => rules.set(name, run),
    // @ts-expect-error: not a role
    () => defineHandler({ name: 'typo', on: { 'role:logn': () => {} } }),
  );
  await expect(rules.get('uses valid globs')?.()).rejects.toThrow(
    'Unknown role "logn": expected one of connection.open,',
  );
});
