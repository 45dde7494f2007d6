import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

async function problemsOf(yaml: string): Promise<{ code: number; stderr: string }> {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  installPlain(world, 'odd', `export default () => ({ contract: 2, name: 'odd', on: {} });`);
  installPlain(world, 'broken', `throw new Error('a part is missing');`);
  world.install('ihandler-future', { ihandler: { contract: 7 } });
  world.write('a.txt', lines(1));
  world.write('my.yaml', yaml);
  return world.run(['import', '-c', 'my.yaml', 'a.txt']);
}

describe('a configuration', () => {
  test('with several problems is rejected with all of them, each with its line', async () => {
    const { code, stderr } = await problemsOf(`sensor: 7
colour: red
ihandlers:
  - name: keep
    config:
      file: out.json
    onyl: [a]
  - 12
`);
    expect(code).toBe(2);
    expect(stderr).toContain('my.yaml has 4 problems:');
    expect(stderr).toMatch(/line 1, sensor: expected a text; found 7/);
    expect(stderr).toContain('line 2, colour: unknown setting');
    expect(stderr).toContain('line 7, ihandlers[0].onyl: unknown setting');
    expect(stderr).toMatch(/line 8, ihandlers\[1\]: .*found 12/);
  });

  test('with invalid options is rejected with the line of each option', async () => {
    const { code, stderr } = await problemsOf(`ihandlers:
  - name: keep
    config:
      fiel: out.json
  - name: kepe
  - name: odd
  - name: broken
  - name: ihandler-future
  - ./gone.js
`);
    expect(code).toBe(2);
    expect(stderr).toContain('my.yaml has 7 problems:');
    expect(stderr).toContain('line 4, ihandlers[0].config.file: expected a path; found nothing');
    expect(stderr).toContain('line 4, ihandlers[0].config.fiel: there is no such option');
    expect(stderr).toContain('line 5, ihandlers[1].name: expected an installed name');
    expect(stderr).toContain('did you mean keep?');
    expect(stderr).toMatch(/line 6, ihandlers\[2\]: ihandler-odd 1\.2\.3: .*found contract 2/);
    expect(stderr).toMatch(/line 7, ihandlers\[3\]: ihandler-broken 1\.2\.3: .*a part is missing/);
    expect(stderr).toMatch(/line 8, ihandlers\[4\]\.name: ihandler-future 1\.2\.3 is made for contract 7/);
    expect(stderr).toMatch(/line 9, ihandlers\[5\]: \.\/gone\.js: the file \S+gone\.js does not exist/);
  });

  test('with two instances of one name is rejected', async () => {
    const { stderr } = await problemsOf(`ihandlers:
  - { name: keep, config: { file: a.json } }
  - { name: keep, config: { file: b.json } }
`);
    expect(stderr).toContain('line 3, ihandlers[1]: another entry is named keep, too');
  });

  test('that is not YAML is rejected with the line', async () => {
    const { code, stderr } = await problemsOf('ihandlers:\n  - name: "keep\n');
    expect(code).toBe(2);
    expect(stderr).toMatch(/my\.yaml is not valid YAML:\n {2}line \d/);
  });

  test('passes its options to the source that reads a file', async () => {
    const { code, stderr } = await problemsOf(`sources:
  - name: lines
    config: { sepaarator: ',' }
ihandlers:
  - { name: keep, config: { file: a.json } }
`);
    expect(code).toBe(2);
    expect(stderr).toContain('line 3, sources[0].config.sepaarator: there is no such option');
  });

  test('with a source that is not installed is rejected', async () => {
    const { code, stderr } = await problemsOf(`sources: [liens]
ihandlers:
  - { name: keep, config: { file: 7 } }
`);
    expect(code).toBe(2);
    expect(stderr).toContain('my.yaml has 2 problems');
    expect(stderr).toMatch(/line 1, sources\[0\]\.name: .*did you mean lines\?/);
  });

  test('that does not exist is rejected with its name', async () => {
    const world = createWorld();
    const { code, stderr } = await world.run(['import', '-c', 'none.yaml', 'a.txt']);
    expect(code).toBe(2);
    expect(stderr).toContain('none.yaml');
  });
});
