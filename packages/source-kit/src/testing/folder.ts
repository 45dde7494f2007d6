import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder that is deleted after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with this content, which is deleted after the test. */
export function temporaryFile(content: string | Uint8Array, name = 'incidents.ndjson'): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}
