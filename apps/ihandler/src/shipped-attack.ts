import { readFileSync } from 'node:fs';
import { decodeIncident, defineSource, type Source } from '@ihandler/core';

const file = new URL('../recordings/attack.ndjson', import.meta.url);

/** A source of the attack that ships with the program, 27 incidents. */
export function shippedAttack(): Source {
  return defineSource({
    name: 'attack',
    async run({ report }) {
      await report(readFileSync(file, 'utf8').trimEnd().split('\n').map(decodeIncident));
    },
  });
}
