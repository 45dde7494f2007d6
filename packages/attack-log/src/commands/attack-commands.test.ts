import { type CommandContext, silentLog } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import type { AttackFilter, AttackReader, ConnectionNode, Summary, SummaryFilter } from '../index.ts';
import { attack } from '../testing/attacks.ts';
import { createAttackCommands } from './attack-commands.ts';

const now = Date.UTC(2026, 10, 22, 12);
const summary: Summary = {
  first: null,
  last: null,
  connections: 0,
  attacks: 0,
  sources: 0,
  protocols: [],
  credentials: [],
  urls: [],
  samples: [],
  commands: 0,
  logins: 0,
  offers: 0,
  downloads: 0,
};

/** Runs a command on attacks that are plain objects, with a terminal that collects the output. */
async function run(
  command: 'tree' | 'summary',
  options: Record<string, string | boolean>,
  {
    attacks = [attack({ connection: 1 }), attack({ connection: 2 })],
    positionals = ['a.sqlite'],
    write = async (): Promise<void> => {},
    signal = new AbortController().signal,
    summarise = () => summary,
    columns,
  }: {
    columns?: number;
    attacks?: readonly ConnectionNode[];
    positionals?: string[];
    write?: () => Promise<void>;
    signal?: AbortSignal;
    summarise?: (filter: SummaryFilter | undefined) => Summary;
  } = {},
) {
  const done = {
    out: '',
    warned: '',
    code: -1,
    closed: 0,
    opened: '',
    filter: {} as AttackFilter | undefined,
  };
  const reader: AttackReader = {
    attacks(filter) {
      done.filter = filter;
      return attacks.slice(-(filter?.limit ?? attacks.length));
    },
    summary: (filter) => summarise(filter),
    close() {
      done.closed += 1;
    },
  };
  const commands = createAttackCommands({
    accepts: (target) => target.endsWith('.sqlite'),
    open(target) {
      done.opened = target;
      return reader;
    },
  });
  const context: CommandContext = {
    instances: [],
    terminal: {
      async write(text) {
        await write();
        done.out += text;
      },
      warn(text) {
        done.warned += text;
      },
      color: false,
      columns,
      progress() {},
    },
    signal,
    log: silentLog,
    now: () => now,
  };
  done.code = await commands[command].run({ options, positionals }, context);
  return done;
}

describe('ihandler tree', () => {
  it('writes attack by attack, closes the database and exits with 0', async () => {
    const done = await run('tree', { utc: true });
    expect(done).toMatchObject({ code: 0, closed: 1, opened: 'a.sqlite', filter: {}, warned: '' });
    expect(done.out.match(/^connection \d/gm)).toEqual(['connection 1', 'connection 2']);
    expect(done.out).toContain('\n\n2009-11-06');
  });

  it('turns its options into a filter', async () => {
    const { filter } = await run('tree', {
      connection: '610',
      since: '24h',
      until: '2026-11-22 06:30',
      'remote-host': '[2001:db8::1]',
      sensor: 'berlin',
      limit: '5',
      utc: true,
    });
    expect(filter).toEqual({
      connection: 610,
      since: now - 86_400_000,
      until: Date.UTC(2026, 10, 22, 6, 30),
      remoteHost: '2001:db8::1',
      sensor: 'berlin',
      limit: 5,
    });
  });

  it.each([
    ['2026-11-22', true, Date.UTC(2026, 10, 22)],
    ['2026-11-22', false, new Date(2026, 10, 22).getTime()],
    ['2026-11-22T06:30:01.5', false, new Date(2026, 10, 22, 6, 30, 1, 500).getTime()],
    ['2026-11-22T06:30+02:00', true, Date.UTC(2026, 10, 22, 4, 30)],
    ['2026-11-22T06:30Z', false, Date.UTC(2026, 10, 22, 6, 30)],
    ['1.5h', false, now - 5_400_000],
    ['2w', false, now - 14 * 86_400_000],
  ])('accepts --since %s (utc: %s)', async (since, utc, expected) => {
    expect((await run('tree', { since, utc })).filter).toEqual({ since: expected });
  });

  it.each([
    [{ since: 'yesterday' }, '--since expects a date or an age, such as 2026-11-22'],
    [{ until: '2026-13-45' }, '--until expects a date'],
    [
      { connection: 'x' },
      '--connection expects the number of a connection, such as --connection 10; found "x"',
    ],
    [{ limit: '0' }, '--limit expects a number of attacks or all, such as --limit 10; found "0"'],
    [{ format: 'xml' }, '--format expects default or manual, such as --format manual; found "xml"'],
    [{ 'remote-host': '' }, '--remote-host expects an address, such as'],
  ])('rejects %j before it opens the database', async (options, message) => {
    await expect(run('tree', options)).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining(message),
    });
  });

  it.each([[[]], [['a', 'b']]])('expects one database, not %j', async (positionals) => {
    await expect(run('tree', {}, { positionals })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('writes one JSON document a line, in ASCII, bytes as text', async () => {
    const hostile = attack({ connection: 9n, remote_host: Buffer.from('\u001b\u009bé') }, {}, [
      attack({ connection: 10n ** 17n }),
    ]);
    const { out } = await run('tree', { json: true }, { attacks: [hostile, attack({ connection: 3 })] });
    // biome-ignore lint/complexity/useRegexLiterals: control characters in a literal are hard to read
    expect(out).toMatch(new RegExp('^[ -~\\n]*$'));
    const [first, second] = out.split('\n').map((line) => (line === '' ? null : JSON.parse(line)));
    expect(first).toMatchObject({
      connection: 9,
      remote_host: '\u001b\u009bé',
      offers: [],
      virustotals: {},
      children: [{ connection: '100000000000000000', children: [] }],
    });
    expect(second).toMatchObject({ connection: 3, children: [] });
  });

  it('writes a chain of 20,000 connections as JSON', async () => {
    let chain = attack({ connection: 20_000 });
    for (let connection = 19_999; connection > 0; connection -= 1)
      chain = attack({ connection }, {}, [chain]);
    const { out } = await run('tree', { json: true }, { attacks: [chain] });
    expect(out.match(/"children":\[/g)).toHaveLength(20_000);
    expect(out.endsWith(`${']}'.repeat(20_000)}\n`)).toBe(true);
  });

  it('exits with 0 when its output is closed', async () => {
    const done = await run(
      'tree',
      {},
      {
        write: () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
      },
    );
    expect(done).toMatchObject({ code: 0, closed: 1, out: '' });
  });

  it('fails when its output fails for another reason', async () => {
    const failing = run('tree', {}, { write: () => Promise.reject(new Error('disk full')) });
    await expect(failing).rejects.toThrow('disk full');
  });

  it.each([
    ['prints all attacks into a pipe', { columns: undefined, options: {}, first: 1 }],
    [
      'prints the newest 50 attacks on a terminal, and how to get more',
      { columns: 80, options: {}, first: 11 },
    ],
    ['prints the requested number on a terminal', { columns: 80, options: { limit: '3' }, first: 58 }],
    ['prints all attacks on a terminal on request', { columns: 80, options: { limit: 'all' }, first: 1 }],
    [
      'prints all attacks into a pipe on request',
      { columns: undefined, options: { limit: 'all' }, first: 1 },
    ],
  ])('%s', async (title, { columns, options, first }) => {
    const attacks = Array.from({ length: 60 }, (_, index) => attack({ connection: index + 1 }));
    const done = await run('tree', options, { attacks, ...(columns !== undefined && { columns }) });
    expect(done.out.match(/^connection \d+/gm)).toEqual(
      attacks.slice(first - 1).map(({ row }) => `connection ${String(row['connection'])}`),
    );
    expect(done.warned).toBe(
      title.includes('how to get more')
        ? '\nThese are the newest 50 attacks. To see more, use --limit 500, --limit all, or a pipe.'
        : '',
    );
  });

  it('prints 50 attacks on a terminal without a hint when there are no more', async () => {
    const attacks = Array.from({ length: 50 }, (_, index) => attack({ connection: index + 1 }));
    const done = await run('tree', {}, { attacks, columns: 80 });
    expect(done.out.match(/^connection \d+/gm)).toHaveLength(50);
    expect(done).toMatchObject({ warned: '', code: 0 });
  });

  it('stops when it is interrupted', async () => {
    const controller = new AbortController();
    const done = await run(
      'tree',
      {},
      {
        signal: controller.signal,
        write: async () => {
          controller.abort();
        },
      },
    );
    expect(done).toMatchObject({ code: 130, closed: 1 });
    expect(done.out.match(/^connection/gm)).toHaveLength(1);
  });

  it('warns on standard error that nothing matches, and exits with 1', async () => {
    expect(await run('tree', { sensor: 'x' }, { attacks: [] })).toMatchObject({
      code: 1,
      out: '',
      warned: 'No attacks match. Try fewer filters.',
    });
    expect(await run('tree', {}, { attacks: [] })).toMatchObject({
      code: 1,
      warned: 'The database does not contain attacks yet.',
    });
  });
});

describe('ihandler summary', () => {
  it('writes ten lines, or JSON', async () => {
    const lines = await run('summary', {});
    expect(lines.out.trimEnd().split('\n')).toHaveLength(10);
    expect(lines).toMatchObject({ code: 0, closed: 1 });
    expect(JSON.parse((await run('summary', { json: true })).out)).toEqual(summary);
  });

  it('summarizes one sensor on request, and warns when the database does not know it', async () => {
    const asked: (SummaryFilter | undefined)[] = [];
    const world = (connections: number) => ({
      summarise: (filter: SummaryFilter | undefined) => {
        asked.push(filter);
        return { ...summary, connections };
      },
    });
    expect(await run('summary', { sensor: 'berlin' }, world(1))).toMatchObject({ code: 0, closed: 1 });
    expect(await run('summary', { sensor: 'unknown' }, world(0))).toMatchObject({
      code: 1,
      out: '',
      warned: 'No attacks match. Try fewer filters.',
    });
    expect(await run('summary', {}, world(0))).toMatchObject({ code: 0 });
    expect(asked).toEqual([{ sensor: 'berlin' }, { sensor: 'unknown' }, {}]);
  });
});
