import { type Dirent, readdirSync } from 'node:fs';
import { isAbsolute, join, parse, resolve, sep } from 'node:path';

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // No such folder, or not ours to read: a glob finds nothing there.
    return [];
  }
}

/** Whether a name of a file matches a part of a glob. `*` does not match the dot that hides a file. */
function matcher(part: string): (name: string) => boolean {
  const pattern = [...part]
    .map((character) =>
      character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[.+^${}()|[\]\\]/, '\\$&'),
    )
    .join('');
  const expression = new RegExp(`^${pattern}$`, 's');
  return (name) => expression.test(name) && (part.startsWith('.') || !name.startsWith('.'));
}

/** Whether a path has a part that is a glob. */
export function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * The paths that a glob names, in the order of their names: `*` is any run of characters and `?` any one, neither a slash.
 * A path without them names itself, whether it is there or not.
 */
export function expandGlob(glob: string, folder: string): readonly string[] {
  const { root } = parse(glob);
  let paths: readonly string[] = [isAbsolute(glob) ? root : resolve(folder)];
  for (const part of glob.slice(root.length).split(sep === '\\' ? /[\\/]/ : '/'))
    paths = isGlob(part)
      ? paths.flatMap((path) =>
          entriesOf(path)
            .map(({ name }) => name)
            .filter(matcher(part))
            .sort()
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, part));
  return paths;
}
