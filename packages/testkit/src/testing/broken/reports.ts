import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerContext, Incident, Schema } from '@ihandler/core';
import { anything, keepingAndReporting, reporting } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const refusing: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'expected more' }] }) },
};

/** A sound reporter that reports in another way. */
function reports(
  rule: string,
  how: string,
  listen: (incident: Incident, context: HandlerContext, folder: string) => unknown,
  schema = anything,
): Broken {
  return {
    rule,
    how,
    factory: (folder) =>
      untyped({
        ...reporting(folder),
        reports: { 'acme.offer.seen': schema },
        on: {
          'dionaea.download.*': (incident: Incident, context: HandlerContext) =>
            listen(incident, context, folder),
        },
      }),
  };
}

const declared = 'reports only what it declares, with data that fits';
const again = 'reports again what a crash made forgotten, as often as the first time';

/** Handlers that report in a way that the contract does not allow. */
export const brokenReports: readonly Broken[] = [
  reports(declared, 'reports something else', (_, { report }) => report('acme.other.seen', {})),
  reports(declared, 'reports less', (_, { report }) => report('acme.offer.seen', {}), refusing),
  {
    rule: 'says because of which incident it reports, when it writes',
    how: 'does not say',
    factory(folder) {
      const sound = keepingAndReporting(folder);
      return {
        ...sound,
        async write(batch, checkpoint, context) {
          await sound.write(batch, checkpoint, {
            ...context,
            report: (origin: string, data: object) => context.report(origin, { ...data }),
          });
        },
      };
    },
  },
  reports('reports before it has handled the incident, not after', 'is late', (_, { report }) => {
    setImmediate(() => void report('acme.offer.seen', {}));
  }),
  reports(again, 'reports once in its life', async ({ id }, { report }, folder) => {
    const file = join(folder, 'reported');
    if (existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(id)) return;
    await report('acme.offer.seen', {});
    appendFileSync(file, `${id}\n`);
  }),
  {
    rule: again,
    how: 'reports only what is new to it',
    factory(folder) {
      const sound = keepingAndReporting(folder);
      return {
        ...sound,
        async write(batch, checkpoint, context) {
          if (Object.keys(checkpoint).length > 0) await sound.write(batch, checkpoint, context);
        },
      };
    },
  },
];
