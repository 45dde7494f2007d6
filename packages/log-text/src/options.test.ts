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

describe('the options of log-text', () => {
  it('require a file and default the rest', () => {
    const [log] = parseLogTextOptions({ file: '/var/log/a.log' });
    expect(log).toMatchObject({
      file: '/var/log/a.log',
      rotate: { maxSize: 100e6, maxFiles: 14, gzip: true },
    });
    expect(log?.rotate?.every).toBeUndefined();
    expect(log?.levels.size).toBe(6);
  });

  it.each([
    ['100MB', 100e6],
    ['1 GiB', 2 ** 30],
    ['512kB', 512e3],
  ])('parse a size of %s as %d bytes', (size, bytes) => {
    expect(parseLogTextOptions({ file: 'a', rotate: { maxSize: size } })[0]?.rotate?.maxSize).toBe(bytes);
  });

  it.each([
    ['12h', 12 * 3_600_000],
    ['7d', 7 * 86_400_000],
    ['daily', 'daily'],
  ])('parse an age of %s as %s', (every, expected) => {
    expect(parseLogTextOptions({ file: 'a', rotate: { every } })[0]?.rotate?.every).toBe(expected);
  });

  it('report all problems at once, with the known values', () => {
    const wrong = {
      file: '~/a.log',
      levels: 'all, -debg',
      domains: 'smb,',
      format: 'xml',
      template: '{time}',
      rotate: { maxSize: '100', every: 'weekly', maxFiles: 0, compress: true },
      level: 'all',
    };
    expect(problemsOf(wrong)).toEqual([
      expect.stringMatching(/^file: .*"~" is not expanded.*found "~\/a\.log"/),
      expect.stringMatching(/^levels: .*known: error, critical, .*found "-debg" in "all, -debg"/),
      expect.stringMatching(/^domains: .*globs/),
      expect.stringMatching(/^format: expected "lines", "dionaea" or "json"; found "xml"/),
      expect.stringMatching(/^template: .*\{timestamp\}.*found "\{time\}"/),
      expect.stringMatching(
        /^rotate: maxSize: .*"100MB".*; every: .*"daily".*; maxFiles: .*1; no option compress; found/,
      ),
      expect.stringMatching(/^level: unknown option/),
    ]);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /^file: expected the path of the log file; found nothing/],
    [{ file: '' }, /^file: expected the path/],
    [{ file: 'a', rotate: true }, /^rotate: expected maxSize, every, maxFiles and gzip, or false/],
    [{ file: 'a', rotate: { maxSize: '0MB' } }, /^rotate\.maxSize: expected a size above zero/],
    [{ file: 'a', rotate: { every: '0h' } }, /^rotate\.every: expected a duration above zero/],
    [{ file: 'a', template: 'a\nb' }, /^template: expected one line/],
    [{ file: 'a', template: '{level}', format: 'json' }, /^template: expected a format or a template/],
    [{ logs: {} }, /^logs: expected at least one log/],
    [
      { logs: { a: { file: 'x' }, b: { file: './x' } } },
      /^logs\.b\.file: expected a file of its own; log "a" writes this one/,
    ],
    [{ logs: { 'a b': { file: 'x' } } }, /^logs\.a b: expected a name/],
    [{ logs: { a: { file: 'x' } }, file: 'y' }, /^file: unknown option/],
  ])('reject %j', (options, expected) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('the manifest of log-text', () => {
  const manifest = manifestSchema.parse(packageJson.ihandler);

  it('has the handler under its name and dionaea’s spelling, with the options of its schema', () => {
    expect(manifest.handlers['log-text']).toMatchObject({
      export: '.',
      network: false,
      aliases: ['log_text'],
    });
    expect(manifest.handlers['log-text']?.options).toEqual(optionsJsonSchema());
  });

  it('matches the module: a factory that does no work and creates a new handler each time', () => {
    const made = logText({ file: '/there/is/none.log' });
    expect(made).toMatchObject({ contract: 1, name: 'log-text', accepts: ['*'] });
    expect(logText({ file: '/there/is/none.log' })).not.toBe(made);
    expect(Object.keys(index)).toEqual(['default']);
  });
});
