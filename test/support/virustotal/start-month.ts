import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../../scripts/temporary-folder.mjs';
import { bundleChild } from '../bundle-child.ts';
import { type MonthOptions, type MonthOutcome, runMonth } from './run-month.ts';

const AGAIN = 7 * 86_400_000;

/** A reported verdict on a file. */
export interface ReportedVerdict {
  readonly md5: string;
  readonly state: string;
  readonly reason?: string;
  readonly askedAt: number;
}

/** A simulated month. */
export interface PastMonth extends MonthOutcome {
  readonly folder: string;
  /** Each verdict once, by file, in order. */
  readonly verdicts: ReadonlyMap<string, readonly ReportedVerdict[]>;
  /** How many verdicts were reported twice. */
  readonly repeated: number;
  /** Downloads without a verdict: neither a valid earlier one nor a later one. */
  lost(): readonly { readonly at: number; readonly file: number }[];
  end(): Promise<void>;
}

function verdictsIn({ reports }: MonthOutcome) {
  const verdicts = new Map<string, ReportedVerdict[]>();
  const seen = new Set<string>();
  let repeated = 0;
  for (const { origin, data } of reports) {
    if (origin !== 'ihandler.virustotal.verdict') continue;
    // Safe: the schema of the origin requires it.
    const reported = data as unknown as ReportedVerdict;
    const key = `${reported.md5} ${reported.askedAt}`;
    if (seen.has(key)) repeated += 1;
    else verdicts.set(reported.md5, [...(verdicts.get(reported.md5) ?? []), reported]);
    seen.add(key);
  }
  return { verdicts, repeated };
}

/** Simulates a month, in memory if possible, and reads the reported verdicts. */
export async function startMonth(options: Omit<MonthOptions, 'folder' | 'program'>): Promise<PastMonth> {
  // The program resolves its dependencies from the package.
  const program = mkdtempSync(join(import.meta.dirname, '../../../packages/virustotal/node_modules/.month-'));
  const folder = mkdtempSync(join(temporaryFolder(), 'ihandler-month-'));
  const clean = (): void => {
    for (const path of [program, folder]) rmSync(path, { recursive: true, force: true });
  };
  try {
    await bundleChild(new URL('./month-child.ts', import.meta.url), program, 'better-sqlite3');
    const month = await runMonth({ ...options, folder, program: join(program, 'month-child.js') });
    const { verdicts, repeated } = verdictsIn(month);
    return {
      ...month,
      folder,
      verdicts,
      repeated,
      lost: () =>
        month.plan.downloads.filter(({ at, file }) => {
          const reported = verdicts.get(month.plan.files[file]?.md5 ?? '') ?? [];
          return !reported.some(({ askedAt }) => askedAt > at - AGAIN);
        }),
      async end() {
        await month.server.stop();
        clean();
      },
    };
  } catch (error) {
    clean();
    throw error;
  }
}
