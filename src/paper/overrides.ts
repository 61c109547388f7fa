import { basePath } from '../plan/repositories.ts';
import type { RunFacts } from './facts.ts';
import type { Override } from './report.ts';

/** What was switched off on purpose: as the inventory says, and what the run adds. */
export function overridesOf({ inventory, signature, overrides, verb }: RunFacts): Override[] {
  const { target, credentials } = inventory;
  const where = basePath(target);
  return [
    ...(signature.state === 'unsigned' && verb !== 'load'
      ? [override('unsigned', 'the bundle is not signed: nobody can tell who made it')]
      : []),
    ...(target.insecureSkipVerify
      ? [override('certificate', `the certificate of ${where} is not checked`)]
      : []),
    ...(target.plainHttp ? [override('plain-http', `${where} is spoken to unencrypted`)] : []),
    ...(credentials === 'embed'
      ? [override('credential', 'the pull credential is in the bundle in clear text')]
      : []),
    ...overrides,
  ];
}

export function override(kind: Override['kind'], message: string): Override {
  return { kind, message };
}
