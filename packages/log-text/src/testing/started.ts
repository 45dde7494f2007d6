import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HandlerContext, Incident } from '@ihandler/core';
import { handlerContext } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import logText, { type LogTextOptions } from '../handler.ts';
import { numbersIn } from './numbered.ts';

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-log-text-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A started handler with its log lines. It is closed after the test. */
export async function startLog(options: LogTextOptions, overrides?: Partial<HandlerContext>) {
  const { context, lines: logged } = handlerContext({ instance: 'log-text', ...overrides });
  const handler = logText(options);
  await handler.start?.(context);
  onTestFinished(() => handler.close?.());
  return {
    logged,
    write: async (batch: readonly Incident[]): Promise<void> => handler.write(batch, {}, context),
    reopen: async (): Promise<void> => handler.reopen?.(),
    close: async (): Promise<void> => handler.close?.(),
    start: async (): Promise<void> => handler.start?.(context),
  };
}

/** The text of a log file, compressed or not. */
export function textOf(file: string): string {
  return file.endsWith('.gz')
    ? execFileSync('zcat', [file], { encoding: 'utf8', maxBuffer: 1 << 28 })
    : readFileSync(file, 'utf8');
}

/** The names in a folder, the oldest rotated file first: `a.log.10.gz`, `a.log.9`, …, `a.log`. */
export function namesIn(folder: string): readonly string[] {
  const age = (name: string): number => Number(/\.(\d+)(?:\.gz)?$/.exec(name)?.[1] ?? 0);
  return readdirSync(folder).sort((a, b) => age(b) - age(a) || (a < b ? -1 : 1));
}

/** The numbers in all files of a folder, from the oldest to the newest. */
export function numbersInFolder(folder: string): readonly number[] {
  return namesIn(folder).flatMap((name) => numbersIn(textOf(join(folder, name))));
}
