import { describeError } from '../contract/error.ts';
import type { Handler } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { OriginDeclarations } from '../contract/meaning/origins.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { escapeControls } from '../contract/text/escape-controls.ts';

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
 * Makes the check of incidents whose origins installed packages declare, or handlers in `reports`. The catalogue does not
 * know their schemas, so that `createIncident` lets any data pass. An origin that the catalogue knows is not checked again;
 * where several declare the same origin, the first one counts, packages before handlers. A batch in which everything fits comes back as it is.
 */
export function createDeclaredCheck(
  handlers: readonly Handler[],
  declared: readonly OriginDeclarations[],
  knownOrigins: readonly string[],
): DeclaredCheck {
  const schemas = new Map<string, Schema>();
  const add = (origin: string, schema: Schema) => {
    if (!schemas.has(origin) && !knownOrigins.includes(origin)) schemas.set(origin, schema);
  };
  for (const origins of declared)
    for (const [origin, { schema }] of Object.entries(origins)) add(origin, schema);
  for (const { reports = {} } of handlers)
    for (const [origin, schema] of Object.entries(reports)) add(origin, schema);

  function checked(incident: Incident): Incident {
    const schema = schemas.get(incident.origin);
    const misfit = schema && firstIssue(schema, incident.data);
    return misfit === undefined
      ? incident
      : Object.freeze({ ...incident, misfit: escapeControls(misfit.slice(0, LONGEST)) });
  }

  return (batch) =>
    schemas.size > 0 && batch.some(({ origin }) => schemas.has(origin)) ? batch.map(checked) : batch;
}
