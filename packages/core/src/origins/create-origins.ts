import type { OriginDescription, Origins } from '../contract/meaning/origins.ts';
import type { Meaning, Role, RoleFacts } from '../contract/meaning/roles.ts';
import { type CompiledRole, compileRoles } from './compile-roles.ts';

const none: readonly never[] = Object.freeze([]);

/** Collects declarations of origins. Where two of them declare the same origin, the first one counts. */
export function createOrigins(declarations: readonly Readonly<Record<string, OriginDescription>>[]): Origins {
  const declared = new Map<string, OriginDescription>();
  for (const each of declarations)
    for (const [origin, declaration] of Object.entries(each))
      if (!declared.has(origin)) declared.set(origin, declaration);
  const compiled = new Map<string, readonly CompiledRole[]>();
  for (const [origin, { roles }] of declared)
    if (roles !== undefined) compiled.set(origin, compileRoles(roles));
  const roles = new Map<string, readonly Role[]>(
    [...compiled].map(([origin, each]) => [origin, Object.freeze(each.map(({ role }) => role))]),
  );

  return {
    all: () =>
      Object.fromEntries(
        [...declared].map(([origin, { level, description, roles }]) => [
          origin,
          { level, description, ...(roles && { roles }) },
        ]),
      ),
    levelOf: (origin) => declared.get(origin)?.level ?? 'info',
    rolesOf: (origin) => roles.get(origin) ?? none,
    meaningsOf({ origin, data }) {
      const own = compiled.get(origin);
      if (own === undefined) return none;
      const meanings: Meaning[] = [];
      for (const role of own) {
        const meaning = role.meaning(data);
        if (meaning !== undefined) meanings.push(meaning);
      }
      return meanings;
    },
    factsOf<R extends Role>(role: R, { origin, data }: Parameters<Origins['factsOf']>[1]) {
      const own = compiled.get(origin)?.find((each) => each.role === role);
      // Safe: the facts of a meaning are those of its role.
      return own?.meaning(data)?.facts as RoleFacts[R] | undefined;
    },
  };
}
