import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Resource } from '../diagnosis/resources.ts';
import { createFolder } from '../testing/folder.ts';
import { refuseOwnOutput } from './refuse-own-output.ts';

test('an import refuses a file that one of its handlers writes, whatever its path', () => {
  const { folder, write } = createFolder();
  const target = write('attacks.sqlite', 'x');
  const other = write('other.sqlite', 'x');
  const alias = join(folder, 'alias.sqlite');
  linkSync(target, alias);
  const resource: Resource = { instance: 'log', at: [], target, access: 'write', mayAppear: false };
  const refuse = (...files: readonly string[]) => refuseOwnOutput(files, [resource]);
  refuse(other, join(folder, 'missing'), '-');
  expect(() => refuse(other, alias)).toThrow(
    `Cannot import ${alias} into itself: the handler log writes ${target}. Name another file, or another target.`,
  );
  refuseOwnOutput([alias], [{ ...resource, access: 'read' }]);
});
