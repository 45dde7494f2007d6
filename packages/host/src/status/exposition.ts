/** A metric in the text format of Prometheus: its name, its help, and each value with its labels. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly values: readonly (readonly [labels: readonly string[], value: number])[];
}

/** The content type of version 0.0.4 of the format, which every Prometheus reads. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A text in a line: a backslash and a line feed are escaped (https://prometheus.io/docs/instrumenting/exposition_formats). */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** The text that a server of metrics answers with. Values with the same labels are added up: the format allows one of each. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, type, labels, values }) => {
      const lines = new Map<string, number>();
      for (const [own, value] of values) {
        const pairs = labels.map(
          (label, index) => `${label}="${escaped(own[index] ?? '').replaceAll('"', '\\"')}"`,
        );
        const series = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
        lines.set(series, (lines.get(series) ?? 0) + value);
      }
      const samples = [...lines].map(([series, value]) => `${series} ${valueText(value)}\n`);
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${samples.join('')}`;
    })
    .join('\n');
}
