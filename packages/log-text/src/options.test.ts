import { manifestSchema, optionProblems } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import logText, * as index from './index.ts';
import { optionsJsonSchema, parseLogTextOptions } from './options.ts';

function problemsOf(options: unknown): readonly string[] {
  try {
    parseLogTextOptions(options);
  } catch (error) {
    return optionProblems(error).map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('the options', () => {
  it('need a file, and are otherwise those of a whole log', () => {
    const [log] = parseLogTextOptions({ file: '/var/log/a.log' });
    expect(log).toMatchObject({ file: '/var/log/a.log', rotate: { size: 100e6, keep: 14, gzip: true } });
    expect(log?.rotate?.every).toBeUndefined();
    expect(log?.levels.size).toBe(6);
  });

  it.each([
    ['100MB', 100e6],
    ['1 GiB', 2 ** 30],
    ['512kB', 512e3],
  ])('a size of %s is %d bytes', (size, bytes) => {
    expect(parseLogTextOptions({ file: 'a', rotate: { size } })[0]?.rotate?.size).toBe(bytes);
  });

  it.each([
    ['12h', 12 * 3_600_000],
    ['7d', 7 * 86_400_000],
    ['daily', 'daily'],
  ])('an age of %s is %s', (every, expected) => {
    expect(parseLogTextOptions({ file: 'a', rotate: { every } })[0]?.rotate?.every).toBe(expected);
  });

  it('tell all that is wrong with them at once, with what is known', () => {
    const wrong = {
      file: '~/a.log',
      levels: 'all, -debg',
      domains: 'smb,',
      format: 'xml',
      template: '{time}',
      rotate: { size: '100', every: 'weekly', keep: 0, compress: true },
      level: 'all',
    };
    expect(problemsOf(wrong)).toEqual([
      expect.stringMatching(/^file: .*"~" is not expanded.*found "~\/a\.log"/),
      expect.stringMatching(/^levels: .*known: error, critical, .*found "-debg" in "all, -debg"/),
      expect.stringMatching(/^domains: .*globs/),
      expect.stringMatching(/^format: expected "lines", "dionaea" or "json"; found "xml"/),
      expect.stringMatching(/^template: .*\{timestamp\}.*found "\{time\}"/),
      expect.stringMatching(
        /^rotate: size: .*"100MB".*; every: .*"daily".*; keep: .*1; no option compress; found/,
      ),
      expect.stringMatching(/^level: there is no such option/),
    ]);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /^file: expected the path of the log file; found nothing/],
    [{ file: '' }, /^file: expected the path/],
    [{ file: 'a', rotate: true }, /^rotate: expected size, every, keep and gzip, or false/],
    [{ file: 'a', rotate: { size: '0MB' } }, /^rotate\.size: expected a size above zero/],
    [{ file: 'a', rotate: { every: '0h' } }, /^rotate\.every: expected an age above zero/],
    [{ file: 'a', template: 'a\nb' }, /^template: expected one line/],
    [{ file: 'a', template: '{level}', format: 'json' }, /^template: expected a format or a template/],
    [{ logs: {} }, /^logs: expected at least one log/],
    [
      { logs: { a: { file: 'x' }, b: { file: './x' } } },
      /^logs\.b\.file: .*that no other log writes; a does/,
    ],
    [{ logs: { 'a b': { file: 'x' } } }, /^logs\.a b: expected a name/],
    [{ logs: { a: { file: 'x' } }, file: 'y' }, /^file: there is no such option/],
  ])('%j is refused', (options, expected) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('the manifest', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('offers the handler under its name and dionaea’s spelling, with the options as they are', () => {
    expect(manifest.handlers['log-text']).toMatchObject({
      export: '.',
      network: false,
      aliases: ['log_text'],
    });
    expect(manifest.handlers['log-text']?.options).toEqual(optionsJsonSchema());
  });

  it('is kept by the module: a factory that does no work and makes a new handler each time', () => {
    const made = logText({ file: '/there/is/none.log' });
    expect(made).toMatchObject({ contract: 1, name: 'log-text', accepts: ['*'] });
    expect(logText({ file: '/there/is/none.log' })).not.toBe(made);
    expect(Object.keys(index)).toEqual(['default']);
  });
});
