import { isUtf8 } from 'node:buffer';
import type { Reject } from '../contract/source.ts';

/**
 * Formats a reject as one line of a rejects file, without the newline:
 * `{"rejected":{"file","offset","length","reason"},"text":"…"}`. Bytes that are not UTF-8 are in `base64` instead of `text`;
 * both are missing when the input was too large. A source of lines reads the inner text when it imports such a file.
 */
export function formatReject({ file, offset, length, reason, text }: Reject): string {
  const rejected = { file, offset, length, reason };
  if (text === undefined) return JSON.stringify({ rejected });
  if (typeof text === 'string') return JSON.stringify({ rejected, text });
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  return JSON.stringify(
    isUtf8(bytes)
      ? { rejected, text: bytes.toString('utf8') }
      : { rejected, base64: bytes.toString('base64') },
  );
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // Safe: every property is checked before it is used.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not a line of a rejects file.
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Parses a line of {@link formatReject}; undefined for any other line. */
export function parseReject(line: string): Reject | undefined {
  const value = parseObject(line);
  const rejected = value?.['rejected'];
  if (value === undefined || typeof rejected !== 'object' || rejected === null) return undefined;
  // Safe: every property is checked before it is used.
  const { file, offset, length, reason } = rejected as Record<string, unknown>;
  if (typeof file !== 'string' || typeof reason !== 'string' || !isCount(offset) || !isCount(length))
    return undefined;
  const reject = { file, offset, length, reason };
  const { text, base64 } = value;
  if (typeof text === 'string') return { ...reject, text };
  if (typeof base64 === 'string') return { ...reject, text: new Uint8Array(Buffer.from(base64, 'base64')) };
  return reject;
}
