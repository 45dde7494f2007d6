import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEVELS } from '../contract/log.ts';
import { parseDomains, parseLevels } from './log-filter.ts';

describe('a list of levels', () => {
  test.each([
    ['all', 'error critical warning message info debug'],
    ['all,-debug', 'error critical warning message info'],
    ['all,-debug,-info', 'error critical warning message'],
    ['warning,error', 'error warning'],
    ['error,critical,warning', 'error critical warning'],
    ['+error,+critical', 'error critical'],
    ['-debug,all', 'error critical warning message info debug'],
    ['debug,-all,info', 'info'],
    ['all,-all', ''],
    ['-error', ''],
    ['debug,debug', 'debug'],
    ['all, -debug', 'error critical warning message info'],
    ['  all ,\t- debug , + debug ', 'error critical warning message info debug'],
  ])('parseLevels reads %j as: %s', (text, expected) => {
    const chosen = parseLevels(text);
    expect(LEVELS.filter((level) => chosen.has(level)).join(' ')).toBe(expected);
  });

  test.each(['', 'al', 'Debug', 'all,', 'all,,debug', 'all -debug', '--debug', '-', 'constructor', '*'])(
    'parseLevels rejects %j and names the known levels',
    (text) => {
      expect(() => parseLevels(text)).toThrow(
        expect.objectContaining({
          code: 'OPTIONS_INVALID',
          message: expect.stringMatching(
            /known: error, critical, warning, message, info, debug, all\), found/,
          ),
        }),
      );
    },
  );

  test('the error of parseLevels quotes the part and the whole list', () => {
    expect(() => parseLevels('all,-debg')).toThrow(/found "-debg" in "all,-debg"\.$/);
  });
});

/** The meaning of a glob as a regular expression, which may backtrack. */
function means(glob: string): RegExp {
  const parts = [...glob].map((one) => ({ '*': '.*', '?': '.' })[one] ?? `[${one}]`);
  return new RegExp(`^${parts.join('')}$`, 'su');
}

describe('a list of domains', () => {
  test.each([
    ['*', 'dionaea.connection.free', true],
    ['*', '', true],
    ['dionaea.connection.*', 'dionaea.connection.tcp.accept', true],
    ['dionaea.connection.*', 'dionaea.connection', false],
    ['dionaea.*.accept', 'dionaea.connection.tcp.accept', true],
    ['smb', 'smb', true],
    ['smb', 'SMB', false],
    ['smb', 'smbd', false],
    ['smb?', 'smbd', true],
    ['smb?', 'smb', false],
    ['log_????', 'log_json', true],
    ['log_????', 'log_sqlite', false],
    ['curl,log_*', 'log_sqlite', true],
    ['curl, log_*', 'log_sqlite', true],
    ['curl,log_*', 'pcap', false],
    ['-debug', 'debug', false],
    ['-debug', '-debug', true],
    ['dionaea.connection.free', 'dionaeaXconnection.free', false],
    ['*.mkshell', 'dionaea.module.emu.mkshell', true],
    ['a*a*b', 'aab', true],
    ['a*a*b', 'ab', false],
    ['[a-z]', 'q', false],
    ['(a|b)+', 'a', false],
    ['?', '\u{1f41d}', true],
  ])('parseDomains of %j applied to %j is %s', (text, domain, expected) => {
    expect(parseDomains(text)(domain)).toBe(expected);
  });

  test.each(['', 'smb,', ' , smb', '*'.repeat(600)])('parseDomains rejects %j', (text) => {
    expect(() => parseDomains(text)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  test('one of the globs matches the whole domain', () => {
    const unit = fc.constantFrom('a', 'b', '.', '-', '*', '?');
    const glob = fc.string({ unit, minLength: 1, maxLength: 8 });
    const domain = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(glob, { minLength: 1, maxLength: 3 }), domain, (globs, name) => {
        expect(parseDomains(globs.join(','))(name)).toBe(globs.some((one) => means(one).test(name)));
      }),
      { numRuns: 3000 },
    );
  });

  test('a glob with many stars is matched in bounded time', () => {
    expect(parseDomains(`${'*a'.repeat(200)}*b`)('a'.repeat(5000))).toBe(false);
  });
});
