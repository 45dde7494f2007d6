import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { permanent, temporary } from '../error.ts';
import { silentLog } from '../log.ts';
import { describeFailure, logStack } from './describe-failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'ihandler-failure-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module outside this project, as a handler of a user is. */
async function foreign(code: string): Promise<(...given: readonly unknown[]) => unknown> {
  const file = join(folder, `notify-${performance.now()}.mjs`);
  writeFileSync(file, code);
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)).default;
}

async function thrownBy(code: string, ...given: readonly unknown[]): Promise<unknown> {
  const work = await foreign(code);
  try {
    await work(...given);
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

describe('describeFailure', () => {
  it('names the place in the code of the handler', async () => {
    const error = await thrownBy('export default () => {\n  null.x;\n};');
    expect(describeFailure(error)).toMatch(
      /^Cannot read properties of null .* \(at .*notify-[\d.]+\.mjs:2:8\)$/,
    );
  });

  it('names the place of an asynchronous function', async () => {
    const error = await thrownBy(
      'export default async () => {\n  await null;\n  throw new Error("late");\n};',
    );
    expect(describeFailure(error)).toMatch(/^late \(at .*\.mjs:3:9\)$/);
  });

  it('names the first place outside Node and core', async () => {
    const error = await thrownBy('export default (call) => {\n  call();\n};', () => {
      throw new Error('from core');
    });
    expect(describeFailure(error)).toMatch(/^from core \(at .*\.mjs:2:3\)$/);
    const parsing = await thrownBy('export default () => {\n  new URL("nonsense");\n};');
    expect(describeFailure(parsing)).toMatch(/^Invalid URL \(at .*\.mjs:2:3\)$/);
  });

  it('adds no place to errors that the author expects, and to values that are no errors', () => {
    expect(describeFailure(temporary('busy'))).toBe('busy');
    expect(describeFailure(permanent('no'))).toBe('no');
    expect(describeFailure('text')).toBe('text');
    expect(describeFailure(null)).toBe('null');
    expect(describeFailure({ stack: 7 })).toBe('[object Object]');
    expect(describeFailure(Object.freeze(Object.assign(new Error('frozen'), { stack: 'no stack' })))).toBe(
      'frozen',
    );
  });
});

describe('logStack', () => {
  it('logs each call of an error and of its causes at the level debug', async () => {
    const error = await thrownBy(
      'export default () => {\n  try {\n    null.x;\n  } catch (cause) {\n    throw new Error("outer", { cause });\n  }\n};',
    );
    const lines: string[] = [];
    logStack(error, { ...silentLog, debug: (line) => lines.push(line) });
    expect(lines[0]).toMatch(/^stack of: outer/);
    expect(lines[1]).toMatch(/^ {2}at .*\.mjs:5:11/);
    expect(lines.findIndex((line) => line.startsWith('stack of: Cannot read'))).toBeGreaterThan(1);
    logStack('text', { ...silentLog, debug: () => expect.unreachable() });
  });
});
