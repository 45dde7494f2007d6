import { expect, it } from 'vitest';
import { incidentOf } from '../testing/delivery.ts';
import { sensorRegistry } from '../testing/origins.ts';
import { isDuplicate } from './conflicts.ts';
import { factsOnly } from './mask/facts-only.ts';
import { maskSensor } from './mask/mask-sensor.ts';

const connection = {
  id: 'c1',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '203.0.113.9', port: 445 },
  remote: { host: '198.51.100.7', port: 4711, hostname: '' },
};
const plain = incidentOf(1, 'dionaea.download.offer', { url: 'http://203.0.113.9/x', connection });
const masked = maskSensor(plain, sensorRegistry);

it('an incident and its masked form are duplicates, whichever arrived first', () => {
  expect(masked.data).not.toEqual(plain.data);
  for (const other of [plain, masked, factsOnly(masked, sensorRegistry)]) {
    expect(isDuplicate(plain, other, sensorRegistry)).toBe(true);
    expect(isDuplicate(other, plain, sensorRegistry)).toBe(true);
  }
});

it('an incident with other content, origin or time is none', () => {
  const other = incidentOf(1, 'dionaea.download.offer', { url: 'http://203.0.113.9/y', connection });
  expect(isDuplicate(plain, other, sensorRegistry)).toBe(false);
  expect(isDuplicate(plain, incidentOf(1, 'acme.offer', plain.data as never), sensorRegistry)).toBe(false);
  expect(isDuplicate(incidentOf(1, 'ihandler.incident.forgotten'), plain, sensorRegistry)).toBe(true);
});
