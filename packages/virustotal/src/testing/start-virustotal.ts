import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HandlerContext, Incident, ReportOptions, UntypedData, WritingHandler } from '@ihandler/core';
import {
  startVirusTotalServer,
  type VirusTotalServer,
  type VirusTotalServerOptions,
} from '@ihandler/test-support/virustotal-server';
import { handlerContext, type Reported } from '@ihandler/testkit';
import { onTestFinished } from 'vitest';
import { createVirusTotal, type VirusTotalOptions } from '../handler.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

/** The start of the virtual time: in the middle of a day and of a month. */
export const START = Date.UTC(2026, 0, 15, 12);

/** A running handler with its server, in virtual time. */
export interface Started {
  readonly server: VirusTotalServer;
  readonly time: VirtualTime;
  readonly handler: WritingHandler;
  readonly folder: string;
  readonly dataDir: string;
  readonly file: string;
  readonly reported: readonly Reported[];
  readonly lines: readonly string[];
  /** The data of the verdicts, in order. */
  verdicts(): readonly UntypedData[];
  deliver(...incidents: readonly Incident[]): void;
  /** Closes the handler and starts another one on the same file. */
  restart(options?: VirusTotalOptions): Promise<void>;
}

/** The settings of a test. */
export interface StartOptions {
  readonly options?: VirusTotalOptions;
  readonly server?: VirusTotalServerOptions;
  /** Called before each report, which fails when this throws. */
  readonly onReport?: (origin: string) => void;
}

/** Creates a folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-virustotal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Starts a server and a handler. Both are stopped after the test. */
export async function startVirusTotal(start: StartOptions = {}): Promise<Started> {
  const time = createVirtualTime(START);
  const server = await startVirusTotalServer({ now: time.now, ...start.server });
  onTestFinished(() => server.stop());
  const folder = temporaryFolder();
  const dataDir = join(folder, 'data', 'virustotal');
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'virustotal.sqlite');
  const {
    context: plain,
    lines,
    reports: reported,
  } = handlerContext({
    instance: 'virustotal',
    dataDir,
    now: time.now,
  });
  const context: HandlerContext = {
    ...plain,
    async report(origin: string, data: UntypedData, options?: ReportOptions) {
      start.onReport?.(origin);
      await plain.report(origin, data, options);
    },
  };
  const make = (options?: VirusTotalOptions): WritingHandler =>
    createVirusTotal(
      { apiKey: server.key, url: server.url, ...start.options, ...options },
      { createAlarm: time.createAlarm, random: () => 0.5, longestSleep: Number.POSITIVE_INFINITY },
    );
  let handler = make();
  await handler.start?.(context);
  onTestFinished(() => handler.close?.());
  return {
    server,
    time,
    get handler() {
      return handler;
    },
    folder,
    dataDir,
    file,
    reported,
    lines,
    verdicts: () =>
      reported.filter(({ origin }) => origin === 'ihandler.virustotal.verdict').map(({ data }) => data),
    deliver(...incidents) {
      handler.write(incidents, {}, context);
    },
    async restart(options) {
      await handler.close?.();
      handler = make(options);
      await handler.start?.(context);
    },
  };
}
