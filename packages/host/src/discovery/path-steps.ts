import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, parse, sep } from 'node:path';

/** A folder, link or file on the way to a path. */
export interface PathStep {
  readonly path: string;
  /** Of the link itself, when it is one. */
  readonly stats: Stats;
}

/** As many links as the system follows in one path. */
const LINKS = 40;

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // missing, or out of reach: then its code cannot be loaded either
  }
}

/** All that the system passes on the way to an absolute path, itself included, from the root: links, and where they lead. */
export function pathSteps(path: string): readonly PathStep[] {
  const { root } = parse(path);
  const rest = path.slice(root.length).split(sep);
  const steps: PathStep[] = [];
  const start = statsOf(root);
  if (start !== undefined) steps.push({ path: root, stats: start });
  let at = root;
  let links = 0;
  while (rest.length > 0) {
    const part = rest.shift() ?? '';
    if (part === '' || part === '.') continue;
    const next = part === '..' ? dirname(at) : join(at, part);
    const stats = statsOf(next);
    if (stats === undefined) break;
    steps.push({ path: next, stats });
    if (!stats.isSymbolicLink()) at = next;
    else if (++links > LINKS) break;
    else {
      const target = readlinkSync(next);
      const { root: top } = parse(target);
      if (top !== '') at = top;
      rest.unshift(...target.slice(top.length).split(sep));
    }
  }
  return steps;
}
