import { describeError } from '@ihandler/core';
import type { LiveSource } from '../assembly/load-sources.ts';
import type { Finding } from './finding.ts';

/** What the sources themselves find, before they run. */
export async function ownFindings(sources: readonly LiveSource[]): Promise<readonly Finding[]> {
  const all = await Promise.all(
    sources.map(async ({ instance, make }): Promise<readonly Finding[]> => {
      try {
        const findings = (await make().check?.()) ?? [];
        return findings.map(({ found, advice }) => ({ severity: 'warning', about: instance, found, advice }));
      } catch (error) {
        return [{ severity: 'warning', about: instance, found: `its check failed: ${describeError(error)}` }];
      }
    }),
  );
  return all.flat();
}
