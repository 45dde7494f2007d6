import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { postedSampleFindings, sampleNameFindings, samplePathFindings } from './check-source.ts';
import dionaeaFollow from './follow/source.ts';
import { httpRootOf, readHttpOptions } from './http/options.ts';
import { createPathMapping, importRootOf, rootOf, samplePaths } from './map-path.ts';
import { temporaryFolder } from './testing/folder.ts';

describe('the check of a followed file', () => {
  it("names T-Pot's dionaea.json and what to use, since it gives only rejects", async () => {
    const file = recording('dionaea-a/log_json.ndjson');
    expect(await dionaeaFollow({ file }).check?.()).toMatchObject([
      { found: expect.stringContaining('T-Pot'), advice: expect.stringContaining('Enable log_incident') },
    ]);
    const good = recording('dionaea-a/log_incident.ndjson');
    expect(JSON.stringify(await dionaeaFollow({ file: good }).check?.())).not.toContain('no incident');
  });

  it('says that samples are not found when their paths are relative to an unknown folder', () => {
    const file = join(temporaryFolder(), 'incident.json');
    const path = 'var/lib/dionaea/binaries/0123';
    writeFileSync(
      file,
      `{"timestamp": "2026-11-22T00:00:00", "name": "dionaea", "origin": "dionaea.download.complete.hash", "data": {"file": "${path}"}}\n`,
    );
    expect(samplePathFindings({ file, remote: false })).toMatchObject([
      { found: expect.stringContaining(path), advice: expect.stringContaining('"root"') },
    ]);
    expect(samplePathFindings({ file, remote: false, root: '/opt/dionaea' })).toEqual([]);
    expect(samplePathFindings({ file, remote: true })).toEqual([]);
  });

  it('says that samples are not found when a database has no folder of samples beside it', () => {
    const file = join(temporaryFolder(), 'dionaea.sqlite');
    expect(sampleNameFindings({ file, remote: false })).toMatchObject([
      { advice: expect.stringContaining('"paths"') },
    ]);
    mkdirSync(join(file, '..', 'binaries'));
    expect(sampleNameFindings({ file, remote: false })).toEqual([]);
    expect(samplePaths({ file, remote: false })).toEqual({ '.': join(file, '..', 'binaries') });
  });
});

describe('a relative path of a stock dionaea', () => {
  it('that is posted starts in the root, or around the folder of samples; a check misses both', () => {
    const options = (more: object) => readHttpOptions({ port: 0, local: true, ...more });
    const folder = '/opt/dionaea/var/lib/dionaea/binaries';
    const samples = { samples: { folder: '/x' }, sampleFolders: [folder] };
    expect(httpRootOf(options({}))).toBeUndefined();
    expect(httpRootOf(options({ root: '/srv' }))).toBe('/srv');
    expect(httpRootOf(options(samples))).toBe('/opt/dionaea');
    expect(httpRootOf(options({ ...samples, root: '/srv' }))).toBe('/srv');
    expect(postedSampleFindings(true, undefined, undefined)).toMatchObject([
      { advice: expect.stringContaining('"root"') },
    ]);
    expect(postedSampleFindings(true, '/srv', undefined)).toEqual([]);
    expect(postedSampleFindings(true, undefined, { var: '/srv/var' })).toEqual([]);
    expect(postedSampleFindings(false, undefined, undefined)).toMatchObject([
      { found: expect.stringContaining('not local') },
    ]);
  });

  it('of an imported file starts in the root, and around var/lib/dionaea only when the files are local', () => {
    const file = '/opt/dionaea/var/lib/dionaea/dionaea.sqlite';
    expect(importRootOf({ file, local: true })).toBe('/opt/dionaea');
    expect(importRootOf({ file, local: false })).toBeUndefined();
    expect(importRootOf({ file: '-', local: true, root: '/srv' })).toBe('/srv');
  });

  it('starts in the folder around var/lib/dionaea, or in the root that is set', () => {
    const file = '/opt/dionaea/var/lib/dionaea/dionaea_incident.json';
    const mapped = (path: string, root: string | undefined) => {
      const data = { path };
      createPathMapping(undefined, root)?.('dionaea.download.complete', data);
      return data.path;
    };
    const path = 'var/lib/dionaea/binaries/x';
    expect(mapped(path, rootOf({ file, remote: false }))).toBe(`/opt/dionaea/${path}`);
    expect(mapped(path, rootOf({ file, remote: false, root: '/srv' }))).toBe(`/srv/${path}`);
    expect(mapped('/abs/x', '/srv')).toBe('/abs/x');
    expect(mapped('../x', '/srv')).toBe('../x');
    expect(rootOf({ file, remote: true })).toBeUndefined();
    expect(rootOf({ file: '/var/lib/dionaea/x.json', remote: false })).toBe('/');
  });
});
