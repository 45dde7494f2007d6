import { expect, test } from 'vitest';
import { createIncident } from '../incident/create-incident.ts';
import { createSensorClocks } from './sensor-clocks.ts';

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
const now = Date.UTC(2026, 10, 30, 12);

let ordinal = 0;
function at(sensor: string, timestamp: number) {
  ordinal += 1;
  return createIncident({ id: `s:${ordinal}`, origin: 'a.b', sensor, timestamp, data: {} });
}
const names = (clocks: ReturnType<typeof createSensorClocks>) => clocks.wrong().map(({ sensor }) => sensor);

test('The clock of one sensor among several is found to be wrong, ahead or in 1970, and no other', () => {
  const clocks = createSensorClocks();
  clocks.add([at('right', now - SECOND), at('future', now + HOUR), at('right', now)], now);
  clocks.add([at('unset', 5 * HOUR), at('late', now - 3 * HOUR), at('far', now + 400 * 24 * HOUR)], now);
  expect(clocks.wrong()).toEqual([
    { sensor: 'unset', ahead: 5 * HOUR - now, timestamp: 5 * HOUR },
    { sensor: 'far', ahead: 400 * 24 * HOUR, timestamp: now + 400 * 24 * HOUR },
    { sensor: 'future', ahead: HOUR, timestamp: now + HOUR },
  ]);
});

test('A clock that is behind is found when its lag stays the same, and a backlog is not', () => {
  const clocks = createSensorClocks();
  for (let minute = 0; minute <= 12; minute += 1) {
    const time = now + minute * MINUTE;
    clocks.add([at('behind', time - 3 * HOUR - minute * SECOND)], time);
    clocks.add([at('backlog', now - 3 * HOUR + minute * 10 * MINUTE)], time);
    if (minute < 10) expect(names(clocks)).toEqual([]);
  }
  expect(names(clocks)).toEqual(['behind']);
});

test('A clock that was corrected is right', () => {
  const clocks = createSensorClocks();
  clocks.add([at('a', now + HOUR)], now);
  expect(names(clocks)).toEqual(['a']);
  clocks.add([at('a', now + MINUTE)], now + MINUTE);
  expect(names(clocks)).toEqual([]);
});
