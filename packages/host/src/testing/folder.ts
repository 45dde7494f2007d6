import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A temporary folder of a test. */
export interface Folder {
  /** Absolute. */
  readonly folder: string;
  /** Writes a file and returns its absolute path. */
  write(path: string, text: string | Uint8Array): string;
  read(path: string): string;
  /** The names in a folder, sorted. */
  list(path: string): string[];
  /** Writes a package into the folder's node_modules: its package.json (with the keyword) and its files. */
  install(
    name: string,
    json: Readonly<Record<string, unknown>>,
    files?: Readonly<Record<string, string>>,
  ): void;
}

/** Creates a temporary folder, which is removed when the test has finished. */
export function createFolder(): Folder {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-host-'));
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
  };
}
