import type { ConfigPath } from './problem.ts';

/** A reference to an environment variable that is missing or malformed. */
export interface Missing {
  readonly path: ConfigPath;
  readonly message: string;
}

const reference = /\$\$|\$\{([^}]*)(\}?)/g;

function fill(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  { missing, used }: { missing(message: string): void; used(value: string): void },
) {
  return text.replace(reference, (whole, inner: string | undefined, end: string | undefined) => {
    if (whole === '$$') return '$';
    const [, name, preset] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inner ?? '') ?? [];
    if (name === undefined || end === '') {
      missing(`expected \${NAME} or \${NAME:-DEFAULT} (write $$ for a dollar sign); found ${whole}`);
      return whole;
    }
    // As in a shell: the default replaces an empty variable, too.
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && value !== '') used(value);
    if (preset !== undefined) return value || preset;
    if (value === undefined)
      missing(`expected the environment variable ${name}, or a default: \${${name}:-DEFAULT}; found nothing`);
    return value ?? whole;
  });
}

/** A value of a variable, and the setting that holds it. */
export interface Filled {
  readonly path: ConfigPath;
  readonly value: string;
}

/**
 * A copy of a value in which `${NAME}` and `${NAME:-DEFAULT}` in strings stand for variables of the environment, and `$$`
 * for a dollar sign. Keys stay as they are.
 */
export function substitute(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { readonly value: unknown; readonly missing: readonly Missing[]; readonly filled: readonly Filled[] } {
  const missing: Missing[] = [];
  const filled: Filled[] = [];
  function walk(inner: unknown, path: ConfigPath): unknown {
    if (typeof inner === 'string')
      return fill(inner, env, {
        missing: (message) => missing.push({ path, message }),
        used: (text) => filled.push({ path, value: text }),
      });
    if (Array.isArray(inner)) return inner.map((item, index) => walk(item, [...path, index]));
    if (typeof inner !== 'object' || inner === null || inner instanceof Date) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, walk(item, [...path, key])]));
  }
  return { value: walk(value, []), missing, filled };
}
