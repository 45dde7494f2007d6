import type { Connection, UntypedData } from '@ihandler/core';

type OfSession = {
  readonly connection: Connection;
  /** Written after the session was closed. */
  readonly late?: boolean;
};
/** Without a password if the client offered a key or nothing. */
type Login = OfSession & { readonly username: string; readonly password?: string };
/** Without a URL if cowrie saved standard input. */
type FileDownload = OfSession & { readonly shasum: string; readonly outfile: string; readonly url?: string };
type Closed = OfSession & { readonly milliseconds?: number };

declare module '@ihandler/core' {
  interface IncidentMap {
    'cowrie.session.connect': OfSession;
    'cowrie.session.closed': Closed;
    'cowrie.session.file_download': FileDownload;
    'cowrie.login.success': Login;
    'cowrie.login.failed': Login;
    'cowrie.command.input': OfSession & { readonly input: string };
  }
}

/** A line of cowrie.json. */
export interface CowrieEvent {
  readonly eventid: string;
  /** Milliseconds since the Unix epoch, with microseconds as fractions. */
  readonly timestamp: number;
  readonly session: string;
  readonly sensor: string | undefined;
  readonly fields: { readonly [key: string]: unknown };
}

/** `Date` truncates to milliseconds. */
function parseTime(text: string): number {
  const [, whole = '', fraction = '', zone = ''] = /^(.{19})(\.\d+)?(.*)$/.exec(text) ?? [];
  return Date.parse(whole + zone) + Number(`0${fraction}`) * 1000;
}

function parseObject(line: string): CowrieEvent['fields'] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // Safe: every property is checked before it is used.
    return typeof value === 'object' && value !== null ? (value as CowrieEvent['fields']) : undefined;
  } catch {
    // A line that is not JSON is not an event either.
    return undefined;
  }
}

/** Reads a line. Returns a string with the reason if it is not an event. */
export function parseEvent(line: string): CowrieEvent | string {
  const fields = parseObject(line);
  if (fields === undefined) return 'expected a JSON object';
  const { eventid, timestamp, session, sensor } = fields;
  if (typeof eventid !== 'string' || eventid.length > 256 || !/^cowrie(\.[\w-]+)+$/.test(eventid))
    return 'expected an eventid such as cowrie.login.success';
  const time = parseTime(String(timestamp));
  if (Number.isNaN(time)) return 'expected a timestamp';
  if (typeof session !== 'string') return 'expected a session';
  const named = typeof sensor === 'string' ? sensor : undefined;
  return { eventid, timestamp: time, session, sensor: named, fields };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function port(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The connection, as far as one event shows it: before 3.0.10 only the first event of a session has all of it. */
export function connectionOf({ session, fields }: CowrieEvent): Connection {
  return {
    id: session,
    protocol: text(fields['protocol']),
    transport: 'tcp',
    local: { host: text(fields['dst_ip']), port: port(fields['dst_port']) },
    remote: { host: text(fields['src_ip']), port: port(fields['src_port']), hostname: '' },
  };
}

/** A number of milliseconds, or of seconds, which some versions write as text. */
function durationOf({ duration_ms: milliseconds, duration }: CowrieEvent['fields']): number | undefined {
  if (typeof milliseconds === 'number') return milliseconds;
  const seconds = duration === undefined ? Number.NaN : Number(duration);
  return Number.isNaN(seconds) ? undefined : seconds * 1000;
}

const optional = <K extends string, V>(key: K, value: V | undefined) =>
  // Safe: an optional property may be absent.
  (value === undefined ? {} : { [key]: value }) as { readonly [Key in K]?: V };

/** The data of the incident for an event. */
export function dataOf({ eventid, fields }: CowrieEvent, connection: Connection): UntypedData {
  const late = optional('late', fields['late'] === true ? true : undefined);
  switch (eventid) {
    case 'cowrie.session.connect':
      return { connection, ...late };
    case 'cowrie.session.closed':
      return { connection, ...late, ...optional('milliseconds', durationOf(fields)) };
    case 'cowrie.session.file_download': {
      const url = optional('url', typeof fields['url'] === 'string' ? fields['url'] : undefined);
      return {
        connection,
        ...late,
        shasum: text(fields['shasum']),
        outfile: text(fields['outfile']),
        ...url,
      };
    }
    case 'cowrie.login.success':
    case 'cowrie.login.failed': {
      const { username, password } = fields;
      const offered = optional('password', typeof password === 'string' ? password : undefined);
      return { connection, ...late, username: text(username), ...offered };
    }
    case 'cowrie.command.input':
      return { connection, ...late, input: text(fields['input']) };
    default:
      // Safe: JSON contains only values.
      return { ...(fields as UntypedData), connection };
  }
}
