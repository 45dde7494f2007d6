import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { filesInGit, root } from '../support/workspace.ts';

const report = join(root, 'docs/api/contract.txt');
const folder = 'packages/core/src/contract/';

/** The declarations of the contract, file by file, without comments: what the compiler of an author sees. */
function declarations(): string {
  const files = filesInGit().filter(
    (file) =>
      file.startsWith(folder) &&
      file.endsWith('.ts') &&
      !file.endsWith('.test.ts') &&
      !/\/text\/|\/journal\.ts$/.test(file),
  );
  const options: ts.CompilerOptions = {
    declaration: true,
    emitDeclarationOnly: true,
    removeComments: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@ihandler/source'],
    allowImportingTsExtensions: true,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const program = ts.createProgram(
    files.map((file) => join(root, file)),
    options,
  );
  return files
    .sort()
    .map((file) => {
      let text = '';
      program.emit(program.getSourceFile(join(root, file)), (_path, emitted) => {
        text = emitted;
      });
      return `// ${file.slice(folder.length)}\n${text.trim()}\n`;
    })
    .join('\n');
}

test('the contract is the one in docs/api/contract.txt: see docs/compatibility.md before you change it', () => {
  const now = declarations();
  // After a decision: UPDATE_CONTRACT=1 npx vitest run test/structure/contract.test.ts
  if (process.env['UPDATE_CONTRACT'] === '1') writeFileSync(report, now);
  expect(now).toContain('export interface HandlerContext');
  expect(readFileSync(report, 'utf8')).toBe(now);
});
