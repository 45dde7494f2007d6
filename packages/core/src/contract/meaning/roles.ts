import type { Connection, Incident } from '../incident.ts';

/** Text of an attacker: bytes where it is not valid UTF-8. */
type Text = string | Uint8Array;

/** How something that an attacker tried ended, as the sensor tells it. */
export type Outcome = 'success' | 'failure' | 'unknown';

/**
 * The roles and their facts: what an incident means, whatever sensor reports it. A fact that the sensor does not tell is
 * missing; a role without one of its required facts does not apply to the incident. Later versions of contract 1 may add
 * roles and optional facts; they never remove or change one.
 */
export interface RoleFacts {
  /** A connection is announced, or refused. */
  'connection.open': {
    readonly connection: Connection;
    readonly how: 'accept' | 'connect' | 'listen' | 'reject' | 'pending';
  };
  /** A connection has ended. */
  'connection.close': {
    readonly connection: Connection;
    /** In milliseconds. */
    readonly duration?: number;
  };
  /** One connection resulted from another. */
  'connection.child': { readonly parent: Connection; readonly child: Connection };
  /** An attacker tried to log in. */
  login: {
    readonly connection: Connection;
    readonly outcome: Outcome;
    readonly username?: Text;
    readonly password?: Text;
    /** The fingerprint of a public key, as the sensor writes it. */
    readonly key?: string;
    /** `password`, `key`, `none`, … */
    readonly method?: string;
  };
  /** An attacker entered a command. */
  command: {
    readonly connection: Connection;
    readonly input: Text;
    readonly outcome: Outcome;
    /** What interprets it: `shell`, `sql`, `ftp`, `smtp`, … */
    readonly realm?: string;
  };
  /** A client requested something of a service. */
  request: {
    readonly connection: Connection;
    readonly method?: Text;
    readonly target?: Text;
    /** The host that the client named. */
    readonly host?: Text;
    /** The program that the client says it is. */
    readonly agent?: Text;
    /** The status of the response. */
    readonly status?: number;
  };
  /** An attacker named a URL from which to fetch a file. */
  offer: { readonly url: Text; readonly connection?: Connection };
  /** A file arrived; it has `sha256`, `md5` or `file`. */
  capture: {
    readonly connection?: Connection;
    /** Lower-case hexadecimal digits, as are the other hashes. */
    readonly sha256?: string;
    readonly md5?: string;
    /** In bytes. */
    readonly size?: number;
    /** The name that the attacker gave it. */
    readonly name?: Text;
    /** Where it came from; empty for an upload. */
    readonly url?: Text;
    /** A path on the sensor. Open it only if the incident is `local`. */
    readonly file?: string;
  };
  /** What a client tells about itself, or what its traffic tells about it; it has `version`, `fingerprint` or `details`. */
  client: {
    readonly connection: Connection;
    /** `ssh`, `http`, `sip`, `mssql`, `tls`, `p0f`, … */
    readonly kind: string;
    readonly version?: Text;
    /** A fingerprint such as HASSH or JA4. */
    readonly fingerprint?: string;
    readonly details?: { readonly [key: string]: unknown };
  };
  /** An attacker used a known weakness. */
  exploit: {
    readonly connection: Connection;
    /** `MS08-67`, `CVE-2024-6387`, `shellcode`, … */
    readonly name: string;
    readonly evidence?: Text;
  };
  /** An attacker got a service: `bindshell://1957`. */
  service: { readonly connection: Connection; readonly name: string };
  /** A message was published, or data was sent through a tunnel. */
  message: { readonly connection: Connection; readonly topic?: Text; readonly payload?: Text };
  /** A service judged a file; it has `sha256`, `md5` or both. */
  verdict: {
    readonly sha256?: string;
    readonly md5?: string;
    /** How many engines call it malicious. */
    readonly malicious?: number;
    /** How many engines gave an opinion. */
    readonly total?: number;
    readonly names?: readonly string[];
    readonly permalink?: string;
    /** When it was judged, in milliseconds since the Unix epoch. */
    readonly at?: number;
  };
  /** A recording of a terminal is complete. */
  tty: {
    readonly connection: Connection;
    readonly sha256: string;
    /** In bytes. */
    readonly size?: number;
    /** In milliseconds. */
    readonly duration?: number;
    /** A path on the sensor. Open it only if the incident is `local`. */
    readonly file?: string;
  };
}

/** What an incident means, whatever sensor reports it. */
export type Role = keyof RoleFacts;

/** A role of an incident with its facts. */
export type Meaning<R extends Role = Role> = {
  [Each in R]: { readonly role: Each; readonly facts: RoleFacts[Each] };
}[R];

/** What the listener of `role:<role>` gets: the incident with the role and its facts. */
export type RoleIncident<R extends Role> = R extends Role
  ? Incident & { readonly role: R; readonly facts: RoleFacts[R] }
  : never;

/** The form of a fact: the value that is found for it is converted, or the fact is missing. */
export type FactKind =
  | 'connection'
  | 'text'
  | 'string'
  | 'hash'
  | 'number'
  | 'strings'
  | 'record'
  | readonly string[];

type IsRequired<T, K extends keyof T> = object extends Pick<T, K> ? false : true;

/** The facts of each role, as data; they agree with {@link RoleFacts}. */
type RoleTable = {
  readonly [R in Role]: {
    readonly [F in keyof RoleFacts[R]]-?: IsRequired<RoleFacts[R], F> extends true
      ? { readonly kind: FactKind; readonly required: true; readonly otherwise?: string }
      : { readonly kind: FactKind };
  };
};

const connection = { kind: 'connection', required: true } as const;
const maybeConnection = { kind: 'connection' } as const;
const text = { kind: 'text' } as const;
const string = { kind: 'string' } as const;
const hash = { kind: 'hash' } as const;
const number = { kind: 'number' } as const;
const outcome = { kind: ['success', 'failure', 'unknown'], required: true, otherwise: 'unknown' } as const;

/** The roles with the form of their facts. `otherwise` is the value of a required fact that a declaration does not map. */
export const ROLES = {
  'connection.open': {
    connection,
    how: { kind: ['accept', 'connect', 'listen', 'reject', 'pending'], required: true },
  },
  'connection.close': { connection, duration: number },
  'connection.child': { parent: connection, child: connection },
  login: { connection, outcome, username: text, password: text, key: string, method: string },
  command: { connection, input: { kind: 'text', required: true }, outcome, realm: string },
  request: { connection, method: text, target: text, host: text, agent: text, status: number },
  offer: { connection: maybeConnection, url: { kind: 'text', required: true } },
  capture: {
    connection: maybeConnection,
    sha256: hash,
    md5: hash,
    size: number,
    name: text,
    url: text,
    file: string,
  },
  client: {
    connection,
    kind: { kind: 'string', required: true },
    version: text,
    fingerprint: string,
    details: { kind: 'record' },
  },
  exploit: { connection, name: { kind: 'string', required: true }, evidence: text },
  service: { connection, name: { kind: 'string', required: true } },
  message: { connection, topic: text, payload: text },
  verdict: {
    sha256: hash,
    md5: hash,
    malicious: number,
    total: number,
    names: { kind: 'strings' },
    permalink: string,
    at: number,
  },
  tty: {
    connection,
    sha256: { kind: 'hash', required: true },
    size: number,
    duration: number,
    file: string,
  },
} as const satisfies RoleTable;

/** Whether a name is that of a role of this version. */
export function isRole(name: string): name is Role {
  return Object.hasOwn(ROLES, name);
}
