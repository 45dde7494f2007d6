import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerContext, Incident, Schema } from '@ihandler/core';
import { anything, keepingAndReporting, reporting } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const refusing: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'expected more' }] }) },
};

/** A sound reporter with another listener. */
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

const declared = 'reports only declared origins, with data that fits';
const again = 'repeats the reports that a crash discarded, each once';

/** Handlers whose reports break the contract. */
export const brokenReports: readonly Broken[] = [
  reports(declared, 'reports another origin', (_, { report }) => report('acme.other.seen', {})),
  reports(
    declared,
    'reports data that does not fit',
    (_, { report }) => report('acme.offer.seen', {}),
    refusing,
  ),
  {
    rule: 'names the cause of each report from write()',
    how: 'omits it',
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
  reports('reports before the delivery ends, not after', 'reports later', (_, { report }) => {
    setImmediate(() => void report('acme.offer.seen', {}));
  }),
  reports(again, 'reports each incident once for good', async ({ id }, { report }, folder) => {
    const file = join(folder, 'reported');
    if (existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(id)) return;
    await report('acme.offer.seen', {});
    appendFileSync(file, `${id}\n`);
  }),
  {
    rule: again,
    how: 'reports only incidents that are new to it',
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
