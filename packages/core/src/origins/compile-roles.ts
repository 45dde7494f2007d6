import type { Value } from '../contract/incident.ts';
import type { RoleMappings } from '../contract/meaning/origins.ts';
import { type FactKind, isRole, type Meaning, ROLES, type Role } from '../contract/meaning/roles.ts';
import { isRecord } from '../contract/property.ts';
import { compileSource, type Find, textOf } from './find-value.ts';

/** A role of an origin, ready to find its facts. */
export interface CompiledRole {
  readonly role: Role;
  /** The role with its facts; undefined if a required one is missing. */
  meaning(data: Value): Meaning | undefined;
}

/** Facts that are found under their own name when a declaration does not say where. */
const OWN_NAMES: ReadonlySet<string> = new Set(['connection', 'parent', 'child']);

/** Roles that need one of these facts, whichever. */
const ONE_OF: { readonly [R in Role]?: readonly string[] } = {
  capture: ['sha256', 'md5', 'file'],
  client: ['version', 'fingerprint', 'details'],
  verdict: ['sha256', 'md5'],
};

const hashes = /^(?:[\da-f]{32}|[\da-f]{40}|[\da-f]{64})$/i;

/** The value in the form of a fact; undefined if it has none. */
function convert(kind: FactKind, value: Value): unknown {
  switch (kind) {
    case 'connection':
      return isRecord(value) && typeof value['id'] === 'string' ? value : undefined;
    case 'text':
      return value instanceof Uint8Array ? value : textOf(value);
    case 'string':
      return textOf(value);
    case 'hash': {
      const text = textOf(value) ?? '';
      return hashes.test(text) ? text.toLowerCase() : undefined;
    }
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    }
    case 'strings':
      return Array.isArray(value) ? value.flatMap((item: Value) => textOf(item) ?? []) : undefined;
    case 'record':
      return isRecord(value) ? value : undefined;
    default:
      return typeof value === 'string' && kind.includes(value) ? value : undefined;
  }
}

interface CompiledFact {
  readonly name: string;
  readonly kind: FactKind;
  readonly required: boolean;
  readonly otherwise: string | undefined;
  readonly find: Find | undefined;
}

function compileFacts(role: Role, mapping: Readonly<Record<string, unknown>>): readonly CompiledFact[] {
  return Object.entries(ROLES[role]).map(
    ([name, spec]: [string, { kind: FactKind; required?: true; otherwise?: string }]) => {
      const source = Object.hasOwn(mapping, name) ? mapping[name] : OWN_NAMES.has(name) ? name : undefined;
      return {
        name,
        kind: spec.kind,
        required: spec.required === true,
        otherwise: spec.otherwise,
        // Safe: a source of an unknown form finds nothing.
        find: source === undefined || source === null ? undefined : compileSource(source as never),
      };
    },
  );
}

function compileRole(role: Role, mapping: Readonly<Record<string, unknown>>): CompiledRole {
  const facts = compileFacts(role, mapping);
  return {
    role,
    meaning(data) {
      const found: Record<string, unknown> = {};
      for (const { name, kind, required, otherwise, find } of facts) {
        const value = find?.(data);
        const fact = (value === undefined ? undefined : convert(kind, value)) ?? otherwise;
        if (fact !== undefined) found[name] = fact;
        else if (required) return undefined;
      }
      const oneOf = ONE_OF[role];
      if (oneOf?.every((name) => found[name] === undefined)) return undefined;
      // Safe: each fact has the form that the table of roles says, and the required ones are there.
      return { role, facts: found } as unknown as Meaning;
    },
  };
}

/** Compiles the roles of an origin, in declared order. Roles that this version does not know are left out. */
export function compileRoles(roles: RoleMappings): readonly CompiledRole[] {
  return Object.entries(roles).flatMap(([role, mapping]) =>
    isRole(role) && isRecord(mapping) ? [compileRole(role, mapping)] : [],
  );
}
