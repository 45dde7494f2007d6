import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineHandler } from '../contract/handler.ts';
import type { Incident, UntypedData, Value } from '../contract/incident.ts';
import type { FactSource, RoleMappings } from '../contract/meaning/origins.ts';
import { handle, incidentOf, open, setUp } from '../testing/delivery.ts';
import { sensorOrigins } from '../testing/origins.ts';
import { createOrigins } from './create-origins.ts';

const connection = {
  id: '7',
  protocol: 'ssh',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 22 },
  remote: { host: '198.51.100.7', port: 4711, hostname: '' },
};

const declare = (roles: RoleMappings) =>
  createOrigins([{ origins: { 'acme.event': { level: 'info', description: 'Something.', roles } } }]);
const meanings = (roles: RoleMappings, data: UntypedData) =>
  declare(roles).meaningsOf({ origin: 'acme.event', data });
const fact = (source: FactSource, data: UntypedData): Value | undefined => {
  const [found] = meanings({ offer: { url: source } }, data);
  return found?.role === 'offer' ? found.facts.url : undefined;
};

describe('a fact', () => {
  it.each<[FactSource, UntypedData, unknown]>([
    ['a', { a: 'x' }, 'x'],
    ['a.b.1', { a: { b: ['x', 'y'] } }, 'y'],
    ['a.length', { a: ['x', 'y'] }, undefined],
    ['__proto__', {}, undefined],
    ['constructor.name', {}, undefined],
    ['a', { a: null }, undefined],
    ['a', { a: '' }, ''],
    ['a', { a: { b: 1 } }, undefined],
    [{ value: 'x' }, {}, 'x'],
    [{ text: '{a}/{b.c}' }, { a: 1, b: { c: ['x', 'y'] } }, '1/x y'],
    [{ text: '{a}/{b}' }, { a: 1 }, undefined],
    [{ lookup: '{a:word}/{b}', in: { 'x/31': 'MS08-67' } }, { a: 'x (SRVSVC)', b: 31 }, 'MS08-67'],
    [{ lookup: '{a}', in: { x: 'y' } }, { a: 'toString' }, undefined],
    [{ path: 'a', as: 'basename' }, { a: 'var/lib/x\\y/z' }, 'z'],
    [['a', 'b'], { b: 'second' }, 'second'],
  ])('%j of %j is %j', (source, data, expected) => {
    expect(fact(source, data)).toEqual(expected);
  });

  it('has the form of its kind, or is missing', () => {
    const roles: RoleMappings = {
      capture: { sha256: 'a', md5: 'b', size: 'c', name: 'd', file: 'e' },
      verdict: { md5: 'b', names: 'f', at: { path: 'g', as: 'time' }, total: { path: 'f', as: 'count' } },
      'connection.close': { duration: { path: 'c', as: 'seconds' } },
    };
    const name = Uint8Array.from([0xff]);
    const data = {
      connection,
      a: 'A'.repeat(64),
      b: 'not a hash',
      c: '1.5',
      d: name,
      e: 7,
      f: ['x', 1, {}],
      g: '2026-11-30 12:00:00',
    };
    expect(meanings(roles, data)).toEqual([
      { role: 'capture', facts: { connection, sha256: 'a'.repeat(64), size: 1.5, name, file: '7' } },
      { role: 'connection.close', facts: { connection, duration: 1500 } },
    ]);
    expect(meanings(roles, { ...data, b: 'b'.repeat(32) })[1]).toEqual({
      role: 'verdict',
      facts: { md5: 'b'.repeat(32), names: ['x', '1'], at: Date.UTC(2026, 10, 30, 12), total: 3 },
    });
  });

  it('of any data is found without an exception', () => {
    const source = fc.letrec<{ source: FactSource }>((tie) => ({
      source: fc.oneof(
        fc.constantFrom('a', 'b.a', '0', '__proto__.a', ''),
        fc.record({ text: fc.constantFrom('{a}-{b}', '{a:count}', '{', '{a:nothing}') }),
        fc.record({
          path: fc.constantFrom('a', 'b'),
          as: fc.constantFrom('seconds', 'time', 'word', 'count'),
        }),
        fc.record({ pick: fc.constant(['a', 'b']) }),
        fc.array(tie('source'), { maxLength: 3 }),
      ),
    })).source;
    const data = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.jsonValue() as fc.Arbitrary<Value>);
    fc.assert(
      fc.property(source, data, (from, given) => {
        const roles: RoleMappings = {
          login: { username: from, key: from },
          client: { kind: from, details: from },
        };
        for (const each of meanings(roles, { connection, ...given }))
          if (each.role === 'login') expect(['string', 'undefined']).toContain(typeof each.facts.key);
      }),
    );
  });
});

describe('a role', () => {
  it('does not apply without one of its required facts', () => {
    const roles: RoleMappings = { login: { username: 'user' }, command: { input: 'input' } };
    expect(meanings(roles, { connection, user: 'root' }).map(({ role }) => role)).toEqual(['login']);
    expect(meanings(roles, { user: 'root', input: 'id' })).toEqual([]);
  });

  it('has "unknown" as its outcome when the declaration does not say where it is', () => {
    expect(meanings({ login: {} }, { connection })).toEqual([
      { role: 'login', facts: { connection, outcome: 'unknown' } },
    ]);
  });

  it('that this version does not know, or with a source that it does not know, is left out', () => {
    const roles = {
      future: { a: 'b' },
      offer: { url: { compute: 'x' } },
      login: null,
    } as unknown as RoleMappings;
    expect(declare(roles).rolesOf('acme.event')).toEqual(['offer']);
    expect(meanings(roles, { connection, a: 1 })).toEqual([]);
  });

  it('of several declarations of one origin is that of the first', () => {
    const first = { level: 'warning', description: '', roles: { offer: { url: 'a' } } } as const;
    const second = { level: 'info', description: '', roles: { offer: { url: 'b' } } } as const;
    const origins = createOrigins([{ origins: { x: first } }, { origins: { x: second } }]);
    expect(origins.factsOf('offer', { origin: 'x', data: { a: '1', b: '2' } })).toEqual({ url: '1' });
    expect(origins.levelOf('x')).toBe('warning');
    expect(origins.levelOf('y')).toBe('info');
  });
});

describe('a handler of roles', () => {
  const declared = {
    'acme.login': {
      schema: { type: 'object' },
      level: 'info',
      description: '',
      roles: { login: { username: 'user' } },
    },
    'acme.got': {
      schema: { type: 'object' },
      level: 'info',
      description: '',
      roles: { offer: { url: 'url' }, capture: { sha256: 'hash', url: 'url' } },
    },
  } as const;
  const hash = 'a'.repeat(64);

  it('gets the incidents of every sensor with their facts, and no others', async () => {
    const heard: unknown[] = [];
    const handler = defineHandler({
      name: 'roles',
      on: {
        'role:login': ({ origin, role, facts }) =>
          void heard.push([origin, role, facts.username, facts.outcome]),
        'role:capture': ({ facts }) => void heard.push(['capture', facts.sha256]),
      },
    });
    const dispatcher = await open([handler], { origins: [sensorOrigins, { origins: declared }] });
    await handle(dispatcher, [
      incidentOf(1, 'acme.login', { connection, user: 'root' }),
      incidentOf(2, 'dionaea.modules.python.ftp.login', { connection, username: 'ftp', password: '' }),
      incidentOf(3, 'dionaea.modules.python.ftp.login', { connection, username: 7 }),
      incidentOf(4, 'acme.got', { url: 'http://192.0.2.9/x', hash }),
      incidentOf(5, 'acme.got', { url: 'http://192.0.2.9/x' }),
      incidentOf(6, 'acme.other', { connection, user: 'root' }),
    ]);
    expect(heard).toEqual([
      ['acme.login', 'login', 'root', 'unknown'],
      ['dionaea.modules.python.ftp.login', 'login', 'ftp', 'unknown'],
      ['capture', hash],
    ]);
  });

  it('that writes accepts the origins of a role, and finds the facts in its context', async () => {
    const written: unknown[] = [];
    const handler = defineHandler({
      name: 'writer',
      accepts: ['role:offer'],
      write(batch, _, { origins }) {
        for (const each of batch) written.push([each.id, origins.meaningsOf(each).map(({ role }) => role)]);
      },
    });
    const dispatcher = await open([handler], { origins: [sensorOrigins, { origins: declared }] });
    const [login, got] = [
      incidentOf(1, 'acme.login', { connection, user: 'root' }),
      incidentOf(2, 'acme.got', { url: 'http://192.0.2.9/x', hash }),
    ];
    await handle(dispatcher, [login, got]);
    expect(written).toEqual([[got.id, ['offer', 'capture']]]);
  });

  it('can be limited by roles in its entry', async () => {
    const heard: string[] = [];
    const hear = ({ id }: Incident) => void heard.push(id);
    const handler = defineHandler({ name: 'all', on: { '*': hear } });
    const dispatcher = await open([{ handler, only: ['role:login'], except: ['dionaea.*'] }], {
      origins: [sensorOrigins, { origins: declared }],
    });
    const login = incidentOf(1, 'acme.login', { connection, user: 'root' });
    await handle(dispatcher, [login, incidentOf(2, 'acme.got', { url: '', hash })]);
    expect(heard).toEqual([login.id]);
  });

  it('makes data that does not fit a declared schema a misfit, which has no role for its listeners', async () => {
    const heard: string[] = [];
    const strict = { type: 'object', properties: { user: { type: 'integer' } } } as const;
    const handler = defineHandler({
      name: 'roles',
      on: {
        'role:login': () => void heard.push('login'),
        '*': ({ misfit }) => void heard.push(misfit ?? 'fits'),
      },
    });
    const dispatcher = await open([handler], {
      origins: [{ origins: { 'acme.login': { ...declared['acme.login'], schema: strict } } }],
    });
    await handle(dispatcher, [incidentOf(1, 'acme.login', { connection, user: 'root' })]);
    expect(heard).toEqual(['user: expected an integer, found "root"']);
  });

  it('cannot name a role that does not exist', () => {
    // @ts-expect-error: there is no such role
    const typo = defineHandler({ name: 'typo', on: { 'role:logn': () => {} } });
    // @ts-expect-error: there is no such role
    const other = defineHandler({ name: 'other', accepts: ['role:connection'], write() {} });
    expect(() => setUp([typo])).toThrow(/"role:logn".*expected one of connection\.open, .*login/);
    expect(() => setUp([other])).toThrow(/"role:connection"/);
  });
});
