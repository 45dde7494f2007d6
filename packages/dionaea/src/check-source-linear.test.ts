import { expect, it } from 'vitest';
import { relativeSampleIn } from './check-source.ts';

it('the search for relative sample paths takes linear time in a line of an attacker', () => {
  const line = '"origin":"dionaea.download.complete"path":"a'.repeat(25_000);
  const before = process.cpuUsage();
  expect(relativeSampleIn(line)).toBeUndefined();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  const text = '{"origin": "dionaea.download.complete.hash", "data": {"file": "var/lib/x", "url": ""}}';
  expect(relativeSampleIn(`x\n${text}\n`)).toBe('var/lib/x');
  expect(relativeSampleIn(text.replace('var', '/var'))).toBeUndefined();
});
