import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesInGit, root } from '../support/workspace.ts';

const commands = filesInGit().filter(
  (file) =>
    /^(?:packages|apps)\/[^/]+\/src\/(?:.*\/)?commands\/.*\.ts$/.test(file) &&
    !/\.test\.ts$|\/testing\//.test(file),
);

/** The functions that make JSON safe for a terminal: the one of core, and attack-log's, which writes ASCII only. */
const safe = /(?:escapeJson|asciiJson|attackJson|letterAsJson)\(/;

it('every command that has --json passes its output through escapeJson', () => {
  const found = commands.flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return lines.flatMap((line, at) => {
      if (!/options\['json'\] === true|letterAsJson\(\{/.test(line)) return [];
      const output = lines.slice(at, at + 4).join('\n');
      return safe.test(output) || !/JSON\.stringify|encode(?:Incident|Value)/.test(output)
        ? []
        : [`${file}:${at + 1}`];
    });
  });
  expect(commands.length).toBeGreaterThan(20);
  expect(found).toEqual([]);
});
