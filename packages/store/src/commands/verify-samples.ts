import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type CommandContext, describeError, escapeControls } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import { pathIn } from '../sample-folder.ts';
import type { SampleRecord } from '../sample-record.ts';

/** The exit code when some samples are damaged or missing. */
const DAMAGED = 3;
/** The exit code of a process that Ctrl-C ended. */
const INTERRUPTED = 130;

async function problemOf(file: string, sha256: string): Promise<string | undefined> {
  try {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const actual = hash.digest('hex');
    return actual === sha256 ? undefined : `is damaged: its SHA-256 is ${actual}`;
  } catch (error) {
    return describeError(error);
  }
}

/** Reads every stored sample and lists those whose content does not match their name. Returns the exit code. */
export async function verifySamples(
  { folder, record }: { readonly folder: string; readonly record: SampleRecord },
  { terminal, signal }: CommandContext,
): Promise<number> {
  const rows = record.kept(-1);
  let bad = 0;
  for (const [index, { sha256 }] of rows.entries()) {
    if (signal.aborted) return INTERRUPTED;
    terminal.progress(`${formatCount(index + 1)} of ${formatCount(rows.length)}`);
    const problem = await problemOf(pathIn(folder, sha256), sha256);
    if (problem === undefined) continue;
    bad += 1;
    await terminal.write(`${sha256} ${escapeControls(problem)}\n`);
  }
  terminal.progress(undefined);
  await terminal.write(
    `${formatCount(rows.length - bad)} of ${formatCount(rows.length, 'sample')} are intact.\n`,
  );
  return bad === 0 ? 0 : DAMAGED;
}
