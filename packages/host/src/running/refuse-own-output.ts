import { IhandlerError } from '@ihandler/core';
import type { HostPlan } from '../assembly/host-plan.ts';
import { fileIdentity, ownInputProblems } from '../diagnosis/own-inputs.ts';
import { handlerResources, liveResources, type Resource } from '../diagnosis/resources.ts';

/** Throws `OPTIONS_INVALID` when a file to import is one that a handler writes: it would grow for ever. */
export function refuseOwnOutput(files: readonly string[], resources: readonly Resource[]): void {
  for (const file of files) {
    const id = fileIdentity(file);
    if (id === undefined) continue;
    for (const { target, access, instance } of resources)
      if (access === 'write' && typeof target === 'string' && fileIdentity(target) === id)
        throw new IhandlerError(
          'OPTIONS_INVALID',
          `Cannot import ${file} into itself: the handler ${instance} writes ${target}. Name another file, or another target.`,
        );
  }
}

/** Throws the error of the configuration when a live source reads a file that a handler writes. */
export function refuseOwnInput(plan: HostPlan): void {
  const problems = ownInputProblems(handlerResources(plan), liveResources(plan, 'sensor'));
  if (problems.length > 0) throw plan.configuration.error(problems);
}
