import { temporary } from '@ihandler/core';
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { CommonSettings } from './options.ts';

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 10_059;
}

/** What the description of a stream says that we have made. */
const madeFor = /^ihandler: (\d+) partitions$/;

/**
 * Finds the stream, or makes it with the limits of `create`. Throws a passing error when it does not take our subjects, or
 * was made for another number of partitions. Whatever the server refuses is thrown as it comes.
 */
export async function ensureStream(manager: JetStreamManager, settings: CommonSettings): Promise<StreamInfo> {
  const { stream, prefix, create } = settings;
  let info: StreamInfo;
  try {
    info = await manager.streams.info(stream);
  } catch (error) {
    if (!isMissing(error) || create === undefined) throw error;
    info = await manager.streams.add({
      name: stream,
      description: `ihandler: ${settings.partitions} partitions`,
      subjects: [`${prefix}.>`],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      storage: StorageType.File,
      num_replicas: create.replicas,
      duplicate_window: nanos(create.duplicates),
      ...(create.maxBytes !== undefined && { max_bytes: create.maxBytes }),
      ...(create.maxAge !== undefined && { max_age: nanos(create.maxAge) }),
    });
  }
  const { subjects = [] } = info.config;
  if (!subjects.some((subject) => covers(subject, `${prefix}.0.sensor.origin`)))
    throw temporary(
      `Expected that the stream ${stream} takes the subjects ${prefix}.>, found ${subjects.join(', ') || 'none'}: set "prefix" or "stream", or add the subject to the stream.`,
    );
  const made = madeFor.exec(info.config.description ?? '')?.[1];
  if (made !== undefined && Number(made) !== settings.partitions)
    throw temporary(
      `Expected that the stream ${stream} was made for ${settings.partitions} partitions, found ${made} (in its description): set "partitions" to the same number everywhere, or sensors would be heard by no hub.`,
    );
  return info;
}

/** Whether a subject with wildcards matches one without. */
export function covers(pattern: string, subject: string): boolean {
  const words = subject.split('.');
  const wanted = pattern.split('.');
  for (const [at, word] of wanted.entries()) {
    if (word === '>') return words.length > at;
    if (words[at] === undefined || (word !== '*' && word !== words[at])) return false;
  }
  return wanted.length === words.length;
}
