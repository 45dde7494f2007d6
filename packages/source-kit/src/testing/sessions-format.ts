import type { LineFormat } from '../format.ts';

const timeOf = (n: number): number => Date.UTC(2026, 10, 22) + n * 1000;

/** A line of {@link pairs}. */
export function pairsLine(n: number): string {
  return `${JSON.stringify({ time: timeOf(n), n, users: Array.from({ length: (n % 3) + 1 }, (_, at) => `user-${at}`) })}\n`;
}

/** A format for tests: one to three incidents a line. */
export const pairs: LineFormat = {
  name: 'pairs',
  parse(line) {
    const { time, n, users } = JSON.parse(line);
    return {
      incidents: users.map((user: string) => ({ origin: 'test.login', timestamp: time, data: { n, user } })),
    };
  },
};

/** How many lines a session has in {@link sessionsLine}: its first names the address. */
const linesOfSession = 4;

/** A line of {@link sessions}. */
export function sessionsLine(n: number): string {
  const session = `s${Math.floor(n / linesOfSession)}`;
  const isFirst = n === 1 || n % linesOfSession === 0;
  return `${JSON.stringify({ time: timeOf(n), n, session, ...(isFirst && { ip: `198.51.100.${n % 250}` }) })}\n`;
}

/** A format for tests: the first line of a session names its address, the others only the session. */
export const sessions: LineFormat = {
  name: 'sessions',
  sessions: { max: 3 },
  timeOf: (line) => JSON.parse(line).time,
  parse(line, { sessions: known }) {
    const { time, n, session, ip } = JSON.parse(line);
    if (typeof session !== 'string') return { reject: 'Expected a "session", found none.' };
    if (ip !== undefined) known.set(session, ip);
    return {
      incidents: [
        { origin: 'test.session', timestamp: time, data: { n, session, ip: known.get(session) ?? null } },
      ],
    };
  },
};
