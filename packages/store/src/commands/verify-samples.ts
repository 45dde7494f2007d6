import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type CommandContext, describeError, escapeControls } from '@ihandler/core';
import { pathIn } from '../sample-folder.ts';
import type { SampleRecord } from '../sample-record.ts';

const partly = 3;
const interrupted = 130;

async function problemOf(file: string, sha256: string): Promise<string | undefined> {
  try {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const found = hash.digest('hex');
    return found === sha256 ? undefined : `is damaged: its SHA-256 is ${found}`;
  } catch (error) {
    return describeError(error);
  }
}

/** Reads every sample that is kept, and tells those that are not what their name says. The answer is the exit code. */
export async function verifySamples(
  { folder, record }: { readonly folder: string; readonly record: SampleRecord },
  { terminal, signal }: CommandContext,
): Promise<number> {
  const rows = record.kept(-1);
  let bad = 0;
  for (const [index, { sha256 }] of rows.entries()) {
    if (signal.aborted) return interrupted;
    terminal.progress(`${index + 1} of ${rows.length}`);
    const problem = await problemOf(pathIn(folder, sha256), sha256);
    if (problem === undefined) continue;
    bad += 1;
    await terminal.write(`${sha256} ${escapeControls(problem)}\n`);
  }
  terminal.progress(undefined);
  await terminal.write(`${rows.length - bad} of ${rows.length} samples are whole.\n`);
  return bad === 0 ? 0 : partly;
}
