import { describe, expect, it } from 'vitest';
import { describeSource } from './index.ts';
import type { SourceSubject } from './sources/source-world.ts';
import { tailSubject } from './testing/tails.ts';

/** The names of the rules that a source breaks. */
async function brokenBy(subject: SourceSubject): Promise<readonly string[]> {
  const rules: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  describeSource((name, run) => rules.push({ name, run }), subject, { patience: 400, runs: 2 });
  const broken: string[] = [];
  for (const { name, run } of rules) await run().catch(() => broken.push(name));
  return broken;
}

describe('describeSource', () => {
  it('fails a source that knows no rotation, and passes what it keeps', async () => {
    const broken = await brokenBy(tailSubject());
    expect(broken).toEqual(
      expect.arrayContaining([
        'reads the rest of a renamed file, then the new one',
        'reads the rest of a file that was renamed and compressed while it did not run',
        'continues after the last line when the beginning of the file was removed',
        'reads each line once, in order, during random rotations, restarts and kills',
      ]),
    );
    expect(broken).not.toContain('gives the incidents of every line, in order, with rising ids');
    expect(broken).not.toContain('stops when its signal aborts, and continues in another run');
  }, 60_000);

  it('fails a source that keeps what it knows about sessions in memory', async () => {
    const broken = await brokenBy(tailSubject({ forgets: true }));
    expect(broken).toContain(
      'continues with the next line when it is killed before or after its report is durable',
    );
  }, 60_000);
});
