import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/workspace.ts';

const text = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');

/** The rows of the table below a heading, as cells. */
function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('docs/architecture.md', () => {
  it.each([
    ['Rooms', 0, 9],
    ['Where do I change …', 1, 10],
  ])('names only existing paths in the table "%s"', (heading, column, least) => {
    const paths = tableBelow(heading).map((cells) => cells[column] ?? '');
    expect(paths.length).toBeGreaterThanOrEqual(least);
    expect(paths.filter((path) => path === '' || !existsSync(join(root, path)))).toEqual([]);
  });

  it('shows the path of an incident as a diagram that GitHub renders', () => {
    expect(text).toMatch(/^```mermaid\nflowchart /m);
  });

  it('links only to existing source files', () => {
    const paths = text.match(/`(?:packages|apps|test|scripts|docs)\/[\w./-]+`/g) ?? [];
    const missing = paths.map((path) => path.slice(1, -1)).filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});
