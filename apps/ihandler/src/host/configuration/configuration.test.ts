import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from '../../testing/fixture-packages.ts';
import { createWorld } from '../../testing/world.ts';

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
  test('is told all its problems together, each with its line', async () => {
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
    expect(stderr).toMatch(/line 1, sensor: .*string.*; found 7/);
    expect(stderr).toContain('line 2, colour: there is no such setting');
    expect(stderr).toContain('line 7, ihandlers[0].onyl: there is no such setting');
    expect(stderr).toMatch(/line 8, ihandlers\[1\]: .*found 12/);
  });

  test('is told what is wrong with the options of each handler, in the line where it is written', async () => {
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
    expect(stderr).toContain('line 5, ihandlers[1].name: expected something that is installed');
    expect(stderr).toContain('did you mean keep?');
    expect(stderr).toMatch(/line 6, ihandlers\[2\]: ihandler-odd 1\.2\.3: .*found contract 2/);
    expect(stderr).toMatch(/line 7, ihandlers\[3\]: ihandler-broken 1\.2\.3: .*a part is missing/);
    expect(stderr).toMatch(/line 8, ihandlers\[4\]\.name: ihandler-future 1\.2\.3 is made for contract 7/);
    expect(stderr).toMatch(/line 9, ihandlers\[5\]: \.\/gone\.js: there is no file/);
  });

  test('may not give two instances one name', async () => {
    const { stderr } = await problemsOf(`ihandlers:
  - { name: keep, config: { file: a.json } }
  - { name: keep, config: { file: b.json } }
`);
    expect(stderr).toContain('line 3, ihandlers[1]: another entry is named keep too');
  });

  test('that is not YAML is told with the line', async () => {
    const { code, stderr } = await problemsOf('ihandlers:\n  - name: "keep\n');
    expect(code).toBe(2);
    expect(stderr).toMatch(/my\.yaml is not YAML:\n {2}line \d/);
  });

  test('gives its options to the source that reads a file', async () => {
    const { code, stderr } = await problemsOf(`sources:
  - name: lines
    config: { sepaarator: ',' }
ihandlers:
  - { name: keep, config: { file: a.json } }
`);
    expect(code).toBe(2);
    expect(stderr).toContain('line 3, sources[0].config.sepaarator: there is no such option');
  });

  test('may name only sources that are installed', async () => {
    const { code, stderr } = await problemsOf(`sources: [liens]
ihandlers:
  - { name: keep, config: { file: 7 } }
`);
    expect(code).toBe(2);
    expect(stderr).toContain('my.yaml has 2 problems');
    expect(stderr).toMatch(/line 1, sources\[0\]\.name: .*did you mean lines\?/);
  });

  test('that is not there is an error that names it', async () => {
    const world = createWorld();
    const { code, stderr } = await world.run(['import', '-c', 'none.yaml', 'a.txt']);
    expect(code).toBe(2);
    expect(stderr).toContain('none.yaml');
  });
});
