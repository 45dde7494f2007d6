import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Block } from './document.ts';
import { install } from './install.ts';

/** A program of a README, as the compiler of a user reads it. */
export interface CompiledProgram {
  readonly block: Block;
  /** JavaScript for the oldest supported Node. */
  readonly javascript: string;
  /** The errors of the compiler, each with its line in the document. */
  readonly errors: readonly string[];
}

/** All strict options, which a user may have switched on. All others have their defaults. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  outDir: 'out',
};

function describe({ file, start = 0, messageText }: ts.Diagnostic, block: Block): string {
  const line = file ? block.line + 1 + file.getLineAndCharacterOfPosition(start).line : block.line;
  return `${block.document}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

/** Checks and compiles all blocks together, in a project in `folder` with the packages that the manuals install. */
export function compilePrograms(
  folder: string,
  blocks: readonly Block[],
  installed: readonly string[],
): readonly CompiledProgram[] {
  install(folder, [...installed, '@types/node']);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const files = blocks.map((block, index) => {
    // Each has its own folder: two of them may have the same name, and none imports another.
    const path = join(folder, String(index), `program.${block.language}`);
    mkdirSync(join(folder, String(index)));
    writeFileSync(path, block.code);
    return path;
  });
  const program = ts.createProgram(files, { ...options, outDir: join(folder, 'out'), rootDir: folder });
  return blocks.map((block, index) => {
    const source = program.getSourceFile(files[index] ?? '');
    if (source === undefined) throw new Error(`The compiler has no output for ${files[index]}.`);
    let javascript = '';
    program.emit(source, (_path, text) => {
      javascript = text;
    });
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return { block, javascript, errors: diagnostics.map((diagnostic) => describe(diagnostic, block)) };
  });
}
