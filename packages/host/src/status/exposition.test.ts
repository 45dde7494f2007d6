import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposition, type Metric } from './exposition.ts';
import { measureProcess } from './process-metrics.ts';

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([+-]?Inf|NaN|[-+.\deE]+)$/;

/** Reads the text as the documentation of the format defines it. Throws for a line that it does not define. */
function parse(text: string): readonly (readonly [series: string, labels: object, value: number])[] {
  expect(text.endsWith('\n')).toBe(true);
  return text.split('\n').flatMap((line) => {
    if (line === '' || /^# (?:HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]*(?: |$)/.test(line)) return [];
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === '') throw new Error(`not in the format: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', own = '']) => [
      label,
      own.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
    ]);
    return [[name, Object.fromEntries(pairs), Number(value.replace('Inf', 'Infinity'))] as const];
  });
}

test('metrics with any labels, help and values are valid in the format of Prometheus and keep their content', () => {
  const text = fc.string({ unit: 'binary' }).filter((one) => !/[\r\u2028\u2029]/.test(one));
  const values = fc.uniqueArray(fc.tuple(fc.tuple(text, text), fc.double({ noNaN: true })), {
    selector: ([labels]) => JSON.stringify(labels),
  });
  fc.assert(
    fc.property(text, values, (help, own) => {
      const metric: Metric = { name: 'a_total', help, type: 'counter', labels: ['x', 'y'], values: own };
      const expected = own.map(([[x, y], value]) => ['a_total', { x, y }, value + 0]);
      expect(parse(exposition([metric]))).toEqual(expected);
    }),
  );
});

test('metrics add up values with the same labels, and separate metrics by an empty line', () => {
  const rows = [[['x'], 1] as const, [['x'], 2] as const];
  const metric: Metric = { name: 'a', help: 'A "b" \\', type: 'gauge', labels: ['l'], values: rows };
  expect(exposition([metric, { ...metric, name: 'b', labels: [], values: [[[], 1.5]] }])).toBe(
    '# HELP a A "b" \\\\\n# TYPE a gauge\na{l="x"} 3\n\n# HELP b A "b" \\\\\n# TYPE b gauge\nb 1.5\n',
  );
});

test('metrics of the process are numbers of a running process', () => {
  const found = Object.fromEntries(
    parse(exposition(measureProcess()())).map(([name, , value]) => [name, value]),
  );
  expect(found['process_resident_memory_bytes']).toBeGreaterThan(1e7);
  expect(found['process_cpu_seconds_total']).toBeGreaterThan(0);
  expect(found['process_start_time_seconds']).toBeCloseTo(Date.now() / 1000 - process.uptime(), -1);
  expect(found['nodejs_version_info']).toBe(1);
});
