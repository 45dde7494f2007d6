import { afterEach, expect, it, vi } from 'vitest';
import { installProgress } from './install.mjs';

afterEach(() => vi.useRealTimers());

it('An installation prints that SQLite is compiled, and every 15 seconds how long it takes', () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const { listen, end } = installProgress((line) => lines.push(line));
  listen('Progress: resolved 655, reused 0, downloaded 12\n');
  vi.advanceTimersByTime(15_000);
  listen('.../better-sqlite3@12.11.1 install: prebuild-install warn install No prebuilt binaries found\n');
  listen('.../better-sqlite3@12.11.1 install: gyp info it worked if it ends with ok\n');
  vi.advanceTimersByTime(30_000);
  end();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([
    'Setting up: dependencies: 15 s',
    'Setting up: compiling SQLite, because no prebuilt binary can be downloaded (one to two minutes)',
    'Setting up: compiling SQLite: 30 s',
    'Setting up: compiling SQLite: 45 s',
  ]);
});
