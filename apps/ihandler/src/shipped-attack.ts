import { readFileSync } from 'node:fs';
import { decodeIncident, defineSource, type Source } from '@ihandler/core';

const file = new URL('../recordings/attack.ndjson', import.meta.url);
const declared = new URL('../recordings/attack.origins.json', import.meta.url);

/** A source of the attack that ships with the program, 27 incidents. */
export function shippedAttack(): Source {
  return defineSource({
    name: 'attack',
    origins: JSON.parse(readFileSync(declared, 'utf8')),
    async run({ report }) {
      await report(readFileSync(file, 'utf8').trimEnd().split('\n').map(decodeIncident));
    },
  });
}
