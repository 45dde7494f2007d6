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

/** The description of a stream that {@link ensureStream} has created. */
const ownDescription = /^ihandler: (\d+) partitions$/;

/**
 * Finds the stream, or creates it with the limits of `create`. Throws a temporary error when the stream does not cover the
 * subjects of `prefix` or was created for another number of partitions. Errors of the server are thrown unchanged.
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
      duplicate_window: nanos(create.duplicateWindow),
      ...(create.maxSize !== undefined && { max_bytes: create.maxSize }),
      ...(create.keep !== undefined && { max_age: nanos(create.keep) }),
    });
  }
  const { subjects = [] } = info.config;
  if (!subjects.some((subject) => covers(subject, `${prefix}.0.sensor.origin`)))
    throw temporary(
      `Expected the stream ${stream} to cover the subjects ${prefix}.>, found ${subjects.join(', ') || 'none'}. Change "prefix" or "stream", or add the subject to the stream.`,
    );
  const created = ownDescription.exec(info.config.description ?? '')?.[1];
  if (created !== undefined && Number(created) !== settings.partitions)
    throw temporary(
      `Expected the stream ${stream} to have ${settings.partitions} partitions, found ${created} in its description. Set "partitions" to the same number on every publisher and hub; otherwise some sensors reach no hub.`,
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
