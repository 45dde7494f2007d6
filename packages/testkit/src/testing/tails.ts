import { readFileSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createIncident, defineSource, type Source, type SourceContext } from '@ihandler/core';
import type { SourceSubject } from '../sources/source-world.ts';

/** How a source breaks the rules. */
interface Fault {
  /** It remembers the user of a session in memory only. */
  readonly forgets?: boolean;
}

const line = (n: number): string =>
  JSON.stringify({ n, time: Date.UTC(2026, 0, 1) + n * 1000, ...(n % 3 === 1 && { user: `user-${n}` }) });

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // not there yet, or renamed
  }
}

/** Follows a file as `tail -F` does: it knows no rotation but that the file is another one, or shorter. */
function tail(file: string, { forgets = false }: Fault): Source {
  async function run({ report, reject, state, signal, sensor }: SourceContext): Promise<void> {
    // Safe: only this source stores a state.
    let at = ((await state()) as { offset: number; user: string } | undefined) ?? { offset: 0, user: '' };
    if (forgets) at = { ...at, user: '' };
    let inode = 0;
    while (!signal.aborted) {
      const bytes = read(file);
      const { ino = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
      if ((inode !== 0 && ino !== inode) || bytes.length < at.offset) at = { ...at, offset: 0 };
      inode = ino;
      for (let end = bytes.indexOf('\n', at.offset); end !== -1; end = bytes.indexOf('\n', at.offset)) {
        const text = bytes.toString('utf8', at.offset, end);
        let user = at.user;
        const batch = [];
        try {
          const { n, time, user: named } = JSON.parse(text);
          user = named ?? user;
          batch.push(
            createIncident({
              id: `tail-${ino}:${end}`,
              origin: 'test.line',
              timestamp: time,
              sensor,
              data: { n, user },
            }),
          );
        } catch {
          await reject({ file, offset: at.offset, length: end - at.offset, reason: 'Expected JSON.' });
        }
        const next = { offset: end + 1, user };
        await report(batch, { state: next });
        at = next;
      }
      await wait(1);
    }
  }
  return defineSource({ name: 'tail', run });
}

/** A subject whose source is such a tail. */
export function tailSubject(fault: Fault = {}): SourceSubject {
  return {
    follow: (file) => tail(file, fault),
    line,
    numberOf: ({ data }) => Number(data['n']),
  };
}
