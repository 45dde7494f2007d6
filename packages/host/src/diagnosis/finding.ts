/** How bad something is. A `note` needs no action. */
export type Severity = 'error' | 'warning' | 'note';

/** A problem that a diagnosis found, current or upcoming, or a fact worth knowing. */
export interface Finding {
  readonly severity: Severity;
  /** The instance, source, file or part of the machine. */
  readonly about: string;
  /** The problem. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** Advice for a damaged file that was set aside. */
export const SET_ASIDE =
  'keep a copy if you need its content, then remove it, and check the health of the disk';

/** The findings, the most severe first, else in the order in which they were found. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
