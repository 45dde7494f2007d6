import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { run } from '../program.ts';
import type { Output, ProgramWorld } from '../program-world.ts';

const packages = new URL('../../../../packages/', import.meta.url);

/** A stream that records its text. */
export function recorder(isTTY = false): Output & { text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { isTTY, columns: 80, text: () => Buffer.concat(chunks).toString('utf8') });
}

/** What a run gave. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own with a program in it, gone when the test is over. */
export interface World {
  readonly folder: string;
  /** Writes a file and returns its absolute path. */
  write(path: string, text: string | Uint8Array): string;
  read(path: string): string;
  list(path: string): string[];
  /** Writes a package into the folder's node_modules: its package.json (with the keyword) and its files. */
  install(
    name: string,
    json: Readonly<Record<string, unknown>>,
    files?: Readonly<Record<string, string>>,
  ): void;
  /** Links packages of this workspace into the folder's node_modules, by the names of their folders. */
  link(...folders: readonly string[]): void;
  run(argv: readonly string[], world?: Partial<ProgramWorld>): Promise<Ran>;
}

/** Makes a world whose program finds only what the test installs. */
export function createWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-app-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text: string | Uint8Array) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  return {
    folder,
    write,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    list: (path) => readdirSync(join(folder, path)).sort(),
    install(name, json, files = {}) {
      const own = join('node_modules', name);
      const full = { name, version: '1.2.3', type: 'module', keywords: ['ihandler'], ...json };
      write(join(own, 'package.json'), JSON.stringify(full));
      for (const [path, text] of Object.entries(files)) write(join(own, path), text);
    },
    link(...folders) {
      for (const name of folders) {
        const link = join(folder, 'node_modules/@ihandler', name);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(fileURLToPath(new URL(name, packages)), link);
      }
    },
    async run(argv, world = {}) {
      const stdout = recorder();
      const stderr = recorder();
      const code = await run(argv, {
        env: { XDG_STATE_HOME: join(folder, 'state'), IHANDLER_SENSOR: 'sensor-1' },
        cwd: folder,
        stdout,
        stderr,
        stdin: {},
        signal: new AbortController().signal,
        prefix: folder,
        conditions: ['@ihandler/source'],
        ...world,
      });
      return { code, stdout: stdout.text(), stderr: stderr.text() };
    },
  };
}
