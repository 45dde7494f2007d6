import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../testing/built-program.ts';
import { createOperatorWorld, settings, startRun, stopRun, takeIn } from '../testing/operator-world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram(['journal-sqlite']);
}, 60_000);
afterAll(() => program.remove());

const config = ['-c', 'my.yaml'];

describe('journal', { timeout: 120_000 }, () => {
  test('can be verified while a process writes it, and compacted when none does', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(world, [1, 2, 3]);
    const file = join(world.folder, 'data/journal.sqlite');
    const checked = await world.run(['journal', 'check', ...config]);
    expect([checked.code, checked.stdout]).toEqual([0, `${file} is intact: 3 incidents, 2 instances.\n`]);
    const busy = await world.run(['journal', 'compact', ...config]);
    expect([busy.code, busy.stderr]).toEqual([4, expect.stringContaining(String(running.child.pid))]);
    await stopRun(running);
    const { code, stdout } = await world.run(['journal', 'compact', ...config]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/journal\.sqlite: [\d.]+ KiB before, [\d.]+ KiB now\.\n$/),
    ]);
    const json = await world.run(['journal', 'check', '--json', ...config]);
    expect(JSON.parse(json.stdout)).toEqual({ problems: [], entries: 3, instances: 2 });
  });

  test('is reported as damaged, and set aside at the next start', async () => {
    const world = createOperatorWorld(program);
    const running = await startRun(program, world);
    await takeIn(
      world,
      Array.from({ length: 100 }, (_, n) => n),
    );
    await stopRun(running);
    const file = join(world.folder, 'data/journal.sqlite');
    const damaged = readFileSync(file);
    damaged.fill(0x55, 4096 * 3, 4096 * 6);
    writeFileSync(file, damaged);
    const { code, stdout, stderr } = await world.run(['journal', 'check', ...config]);
    expect(`${stdout}${stderr}`).toMatch(/problem|damaged|malformed/);
    expect([3, 4]).toContain(code);
    expect(readFileSync(file)).toEqual(damaged);
    const next = await startRun(program, world);
    const said = /error: the journal was damaged; .* file=(\S+) problem=.* readable=(\d+) lost=(\d+)/;
    const [, setAside = '', readable, lost] = said.exec(next.stderr()) ?? [];
    expect(readFileSync(setAside)).toEqual(damaged);
    const doctor = await world.run(['doctor', ...config]);
    expect(doctor.stdout).toContain(`${setAside}: the journal was damaged on `);
    expect(doctor.stdout).toContain(`${readable} incidents readable, at least ${lost} lost`);
    expect(doctor.stdout.match(/set aside|was damaged/g)).toHaveLength(1);
    await stopRun(next);
  });

  test('check exits at once on an interrupt, although it is one long step', async () => {
    const world = createOperatorWorld(program);
    const endless = `export const check = () => { process.stderr.write('reading'); for (;;); };
export default () => ({ durable: true });`;
    const ihandler = {
      contract: 1,
      journals: { endless: { export: '.', summary: 'Is read for ever', options: {} } },
    };
    world.install('endless', { version: '1.0.0', ihandler, main: './index.js' }, { 'index.js': endless });
    world.write('my.yaml', `${settings}journal: endless\n`);
    const checking = program.start(world, ['journal', 'check', ...config]);
    await checking.said('reading');
    checking.child.kill('SIGINT');
    await checking.ended;
    expect(checking.child.signalCode).toBe('SIGINT');
  });

  test('names the expected arguments', async () => {
    const world = createOperatorWorld(program);
    for (const [argv, code, said] of [
      [[], 2, 'Expected check or compact; found ""'],
      [['chek'], 2, 'found "chek" (did you mean check?)'],
      [['check', 'x'], 2, 'found "check x"'],
      [['check'], 4, 'There is no journal'],
    ] as const) {
      const ran = await world.run(['journal', ...argv, ...config]);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(said)]);
    }
    world.write('my.yaml', `${settings}journal: memory\n`);
    expect((await world.run(['journal', 'check', ...config])).stderr).toContain(
      'exists only inside the running process',
    );
  });
});
