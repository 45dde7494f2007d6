import { describeError } from '../contract/error.ts';
import type { Handler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { escapeControls } from '../contract/text/escape-controls.ts';
import type { OriginRegistry } from '../origins/create-origins.ts';

const LONGEST = 500;

/** The first issue of a schema with some data. Undefined when the data fits, and when the schema is asynchronous. */
function firstIssue(schema: Schema, data: unknown): string | undefined {
  try {
    const result = schema['~standard'].validate(data);
    const issue = result instanceof Promise ? undefined : result.issues?.[0];
    if (issue === undefined) return undefined;
    const path = (issue.path ?? [])
      .map((step) => String(typeof step === 'object' ? step.key : step))
      .join('.');
    return `${path === '' ? 'data' : path}: ${issue.message}`;
  } catch (error) {
    // A schema with a bug must not keep a source from reporting everything else.
    return `data: the schema failed: ${describeError(error)}`;
  }
}

/** Marks the incidents of a batch whose data does not fit. */
export type DeclaredCheck = (batch: readonly Incident[]) => readonly Incident[];

/**
 * Makes the check of incidents whose origins installed packages declare, or handlers in `reports`. Where several declare the
 * same origin, the first one counts, packages before handlers. A batch in which everything fits comes back as it is.
 */
export function createDeclaredCheck(handlers: readonly Handler[], origins: OriginRegistry): DeclaredCheck {
  const schemas = new Map<string, Schema>();
  for (const { reports = {} } of handlers)
    for (const [origin, schema] of Object.entries(reports))
      if (!schemas.has(origin) && !origins.has(origin)) schemas.set(origin, schema);

  function checked(incident: Incident): Incident {
    const misfit = misfitOf(incident);
    // Only this check decides: a peer, or an earlier version, may have had other schemas.
    if (misfit === incident.misfit) return incident;
    const { misfit: _, ...rest } = incident;
    return Object.freeze(misfit === undefined ? rest : { ...rest, misfit });
  }

  function misfitOf(incident: Incident): string | undefined {
    const { origin } = incident;
    const schema = schemas.get(origin);
    if (schema === undefined)
      try {
        return origins.misfitOf(origin, incident.data);
      } catch {
        return undefined; // data that cannot be read is for the handlers to refuse
      }
    const issue = firstIssue(schema, incident.data);
    return issue && escapeControls(issue.slice(0, LONGEST));
  }

  return (batch) => {
    let changed: Incident[] | undefined;
    batch.forEach((incident, index) => {
      const result = checked(incident);
      if (result === incident) return;
      changed ??= [...batch];
      changed[index] = result;
    });
    return changed ?? batch;
  };
}
