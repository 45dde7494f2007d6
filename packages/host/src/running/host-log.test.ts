import { describe, expect, test } from 'vitest';
import { createSecrets } from '../configuration/secrets.ts';
import { createHostLog } from './host-log.ts';

function logged(filter: Parameters<ReturnType<typeof createHostLog>['choose']>[0]) {
  const written: string[] = [];
  const secrets = createSecrets();
  const hostLog = createHostLog({ warn: (line) => written.push(line) }, secrets);
  hostLog.choose(filter);
  return { written, log: hostLog.log, secrets };
}

test('A log that goes to a file has the time in each line', () => {
  const written: string[] = [];
  const hostLog = createHostLog({ warn: (line) => written.push(line) }, createSecrets());
  hostLog.log('keep').warn('before');
  hostLog.showTimes(() => Date.UTC(2026, 10, 30, 17, 31, 32));
  hostLog.log('keep').warn('after');
  expect(written).toEqual(['warning: keep: before', '2026-11-30 17:31:32Z warning: keep: after']);
});

describe('createHostLog', () => {
  test.each([
    [{}, ['error: e', 'error: c', 'warning: w', 'warning: keep: kw']],
    [
      { levels: 'all' },
      ['error: e', 'error: c', 'warning: w', 'info: m', 'info: i', 'debug: d', 'warning: keep: kw'],
    ],
    [{ levels: 'all, -debug,-info' }, ['error: e', 'error: c', 'warning: w', 'warning: keep: kw']],
    [{ levels: 'error,warn' }, ['error: e', 'error: c', 'warning: w', 'warning: keep: kw']],
    [{ levels: 'error,critical,warning' }, ['error: e', 'error: c', 'warning: w', 'warning: keep: kw']],
    [{ levels: 'info' }, ['info: m', 'info: i']],
    [{ levels: 'all,-warn,-debug' }, ['error: e', 'error: c', 'info: m', 'info: i']],
    [{ domains: 'keep' }, ['warning: keep: kw']],
    [{ domains: 'ihandler', levels: 'error' }, ['error: e', 'error: c']],
    [{ domains: 'k??p,other' }, ['warning: keep: kw']],
  ])('with the filter %j shows %j', (filter, expected) => {
    const { written, log } = logged(filter);
    const own = log();
    own.error('e');
    own.error('c');
    own.warn('w');
    own.info('m');
    own.info('i');
    own.debug('d');
    log('keep').warn('kw');
    expect(written).toEqual(expected);
  });

  test('writes one line, and hides the value of a detail with the name of a secret', () => {
    const { written, log } = logged({});
    log('vt').error('no\nanswer\u001b[2J', {
      url: 'https://vt.example',
      apiKey: 'deadbeef',
      options: { password: 'hunter22', list: [{ token: 7 }], n: 1n },
    });
    expect(written).toEqual([
      'error: vt: no\\nanswer\\x1b[2J url=https://vt.example apiKey=[hidden] options={"password":"[hidden]","list":[{"token":"[hidden]"}],"n":"1"}',
    ]);
  });

  test('hides a known secret in every spelling, also where the line is cut', () => {
    const { written, log, secrets } = logged({});
    secrets.learn({ a: [{ apiKey: 'dead&"beef' }], url: 'nats://me:s3cr3t@host/', level: 'info' });
    log('vt').error('asked https://x/?k=dead%26%22beef', { body: '{"k":"dead\\"..."}', all: ['dead&"beef'] });
    log('vt').error(new Error('cannot reach nats://me:s3cr3t@host/').message);
    log('vt').error(`${'x'.repeat(3980)} s3cr3t`);
    log('vt').error('level info');
    expect(written.join('\n')).not.toMatch(/beef|s3c/);
    expect(written.at(-1)).toBe('error: vt: level info');
  });
});
