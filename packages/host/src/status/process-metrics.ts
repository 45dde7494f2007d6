import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metric } from './exposition.ts';

/** Milliseconds between two measurements of the event loop. */
const RESOLUTION = 20;

function openFiles(): number | undefined {
  try {
    // Less the one that reads the folder.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined; // Only Linux has this folder.
  }
}

/**
 * Measures this process: processor time, memory, open files and the delay of the event loop since the last call. The names are
 * those that Prometheus recommends for processes, and those of other programs on Node.
 */
export function measureProcess(): () => readonly Metric[] {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const startedAt = Math.floor(Date.now() / 1000 - process.uptime());

  return () => {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    // A delay includes the waiting time of the timer that measures it.
    const delayOf = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000);
    const [p50, p99, most] = [delay.percentile(50), delay.percentile(99), delay.max].map(delayOf);
    delay.reset();
    const one = (type: Metric['type'], name: string, help: string, value: number | undefined): Metric => ({
      ...{ name, help, type, labels: [] },
      values: value === undefined || !Number.isFinite(value) ? [] : [[[], value]],
    });
    return [
      one('counter', 'process_cpu_user_seconds_total', 'User processor time', user / 1e6),
      one('counter', 'process_cpu_system_seconds_total', 'System processor time', system / 1e6),
      one('counter', 'process_cpu_seconds_total', 'User and system processor time', (user + system) / 1e6),
      one('gauge', 'process_start_time_seconds', 'When the process started', startedAt),
      one('gauge', 'process_resident_memory_bytes', 'Resident memory', memory.rss),
      one('gauge', 'process_open_fds', 'Open files', openFiles()),
      one('gauge', 'nodejs_heap_size_total_bytes', 'Size of the heap', memory.heapTotal),
      one('gauge', 'nodejs_heap_size_used_bytes', 'Used part of the heap', memory.heapUsed),
      one('gauge', 'nodejs_external_memory_bytes', 'Memory of objects outside the heap', memory.external),
      one('gauge', 'nodejs_eventloop_lag_p50_seconds', 'Median delay of the event loop', p50),
      one('gauge', 'nodejs_eventloop_lag_p99_seconds', '99th percentile of that delay', p99),
      one('gauge', 'nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop', most),
      {
        ...{ name: 'nodejs_version_info', help: 'Version of Node', type: 'gauge', labels: ['version'] },
        values: [[[process.version], 1]],
      },
    ];
  };
}
