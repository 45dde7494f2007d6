import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesInGit, packages, root } from '../support/workspace.ts';

/** The programs and libraries that must work with any sensor and any package. */
const neutral = packages.filter(({ role }) => ['app', 'core', 'host'].includes(role));

/** Names of sensors, and of packages that are neither core nor the host. */
const names = [
  'dionaea',
  'cowrie',
  ...packages
    .filter(({ role }) => !['app', 'core', 'demo', 'host'].includes(role))
    .map(({ json }) => json.name.replace('@ihandler/', '')),
];

const sources = neutral.flatMap(({ folder }) =>
  filesInGit().filter(
    (file) =>
      file.startsWith(`${folder}/src/`) && file.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(file),
  ),
);

/** Whether a node is an example in help: an item of a list that a property `examples` holds. */
function isExample(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent)
    if (ts.isPropertyAssignment(at) && at.name.getText() === 'examples') return true;
  return false;
}

/** The literals of a file that name a sensor or another package, comments and examples of help apart. */
function namesIn(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    const isName = ts.isIdentifier(node);
    if ((isText || isName) && !isExample(node)) {
      const words = node.text.toLowerCase();
      const named = names.find((name) => new RegExp(`(?:^|[^a-z])${name}(?:$|[^a-z])`).test(words));
      // Words of their own: `http` is a protocol, `forward` a direction, `store` a verb.
      if (named !== undefined && !['http', 'forward', 'store'].includes(named))
        found.push(`${file}: ${node.text}`);
      if (isName && /dionaea|cowrie/.test(words)) found.push(`${file}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('app, host and core', () => {
  it('name no sensor and no other package, except in examples', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(namesIn)).toEqual([]);
  });
});
