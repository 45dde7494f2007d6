import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  filesInGit,
  packages,
  published,
  readPackageJson,
  root,
  type WorkspacePackage,
} from '../support/workspace.ts';

interface Import {
  readonly file: string;
  /** The package's name, without a subpath. */
  readonly from: string;
  readonly typeOnly: boolean;
  /** As written. */
  readonly path: string;
}

/** The package that a specifier such as `@ihandler/core/kit` or `zod/v4` names, or undefined for a file. */
function packageOf(specifier: string): string | undefined {
  if (/^[./]/.test(specifier) || isBuiltin(specifier)) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The module that a node of the syntax tree imports, and whether only for its types. */
function imported(node: ts.Node): { specifier: ts.Node; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node))
    return {
      specifier: node.moduleSpecifier,
      typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
    };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier)
    return { specifier: node.moduleSpecifier, typeOnly: node.isTypeOnly };
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { specifier: node.argument.literal, typeOnly: true };
  if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name))
    return { specifier: node.name, typeOnly: true };
  const [argument] = ts.isCallExpression(node) ? node.arguments : [];
  if (!ts.isCallExpression(node) || !argument) return undefined;
  const loads =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    /(?:^|\.)(?:require|resolve)$/.test(node.expression.getText());
  return loads ? { specifier: argument, typeOnly: false } : undefined;
}

/** Every import of a file from outside of its package, including dynamic imports and type imports. */
function importsOf(file: string): readonly Import[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const { specifier, typeOnly = false } = imported(node) ?? {};
    const from = specifier && ts.isStringLiteralLike(specifier) ? packageOf(specifier.text) : undefined;
    if (from !== undefined && specifier && ts.isStringLiteralLike(specifier))
      found.push({ file, from, typeOnly, path: specifier.text });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = filesInGit().filter((file) => /\.(?:ts|mjs)$/.test(file));
const isForTests = (file: string): boolean => file.endsWith('.test.ts') || /\/testing\//.test(file);
const isTest = ({ file }: Import): boolean => isForTests(file);
const rootTools = Object.keys(readPackageJson(root).devDependencies ?? {});
const workspaceNames = new Set(packages.map(({ json }) => json.name));
const bundled = packages.filter(({ role }) => role === 'bundled');

/** Which packages of the workspace a package may import; the testkit imports none of them but core. */
function mayImport({ role, json }: WorkspacePackage): (name: string) => boolean {
  const targets = packages.filter((target) => {
    if (role === 'demo' || role === 'creator') return true;
    if (role === 'core') return false;
    if (target.role === 'bundled') return role === 'library' || role === 'plugin';
    if (target.role === 'host') return role === 'app';
    if (target.json.name === '@ihandler/testkit') return role === 'plugin' || role === 'library';
    return target.role === 'core' || (role === 'plugin' && target.role === 'library');
  });
  return (name) => name === json.name || targets.some((target) => target.json.name === name);
}

describe.each(packages)('$folder', (self) => {
  const { folder, json } = self;
  const imports = files.filter((file) => file.startsWith(`${folder}/src/`)).flatMap(importsOf);
  const described = (wrong: readonly Import[]): readonly string[] =>
    wrong.map(({ file, from }) => `${file} imports ${from}`);

  it('imports only allowed packages: app and plugins import core, plugins import libraries, nothing imports a plugin', () => {
    const allowed = mayImport(self);
    const declared = Object.keys({ ...json.dependencies, ...json.peerDependencies, ...json.devDependencies });
    // The types of the origins that another package declares, for globs over them.
    const isOfOrigins = ({ typeOnly, path }: Import) => typeOnly && path.endsWith('/origins');
    const named = new Set(imports.filter(isOfOrigins).map(({ from }) => from));
    expect(
      described(
        imports.filter((each) => workspaceNames.has(each.from) && !allowed(each.from) && !isOfOrigins(each)),
      ),
    ).toEqual([]);
    // A journal may be an optional peer of the app, which looks for it at run time and never imports it by name.
    const optional = Object.keys(json.peerDependenciesMeta ?? {});
    expect(
      declared.filter(
        (name) =>
          workspaceNames.has(name) &&
          !allowed(name) &&
          !optional.includes(name) &&
          !(named.has(name) && json.devDependencies?.[name] !== undefined),
      ),
    ).toEqual([]);
  });

  it('does not ship test code', () => {
    const sources = files.filter((file) => file.startsWith(`${folder}/src/`) && !isForTests(file));
    const text = (file: string): string => readFileSync(join(root, file), 'utf8');
    expect(sources.filter((file) => /['"]\.[^'"\n]*(?:testing\/|\.test\.)/.test(text(file)))).toEqual([]);
  });

  it('imports at run time only its dependencies and peers', () => {
    const installed = new Set([
      json.name,
      ...Object.keys({ ...json.dependencies, ...json.peerDependencies }),
    ]);
    const copied = new Set(bundled.map((target) => target.json.name));
    const missing = imports.filter(
      (found) => !isTest(found) && !found.typeOnly && !installed.has(found.from) && !copied.has(found.from),
    );
    expect(described(missing)).toEqual([]);
  });

  it('bundles a private package as a devDependency, and gives its users what that package imports', () => {
    for (const target of bundled) {
      expect({ ...json.dependencies, ...json.peerDependencies }).not.toHaveProperty([target.json.name]);
      if (json.devDependencies?.[target.json.name] === undefined) continue;
      const installed = { ...json.dependencies, ...json.peerDependencies };
      const imported = Object.keys(target.json.peerDependencies ?? {});
      expect(imported.filter((name) => !(name in installed))).toEqual([]);
    }
  });

  it('declares all other imports', () => {
    const own = Object.keys({ ...json.dependencies, ...json.peerDependencies, ...json.devDependencies });
    const forTests = rootTools.filter((name) => !workspaceNames.has(name) && name !== 'better-sqlite3');
    const missing = imports.filter(
      (found) => ![json.name, ...own, ...(isTest(found) ? forTests : [])].includes(found.from),
    );
    expect(described(missing)).toEqual([]);
  });
});

describe.each(published)('$folder', ({ folder, json }) => {
  it('declares only dependencies that it imports', () => {
    const sources = files.filter((file) => file.startsWith(`${folder}/src/`) && !isForTests(file));
    const used = new Set(sources.flatMap(importsOf).map(({ from }) => from));
    expect(Object.keys(json.dependencies ?? {}).filter((name) => !used.has(name))).toEqual([]);
  });
});
