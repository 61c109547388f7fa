import type { Inventory } from '../plan/inventory.ts';
import { isPullThrough, splitPlacement } from '../plan/repositories.ts';
import type { RegistryClient } from '../registry/client.ts';
import { AirgapError } from '../report/error.ts';
import { count } from '../report/units.ts';
import { headPlacements, headResult, type PlaceFound } from '../transfer/heads.ts';
import { transferImages } from '../transfer/images.ts';
import {
  type Check,
  check,
  type Finding,
  failure,
  ok,
  skipAll,
  skipped,
  warning,
} from './check.ts';
import { installStep, loginFlags } from './cures.ts';
import { lostChildren } from './lost-children.ts';

/** Whose eyes the registry is looked at with. */
export interface PullLogin {
  /** Undefined: anonymous, or not known. */
  readonly credential: { readonly username: string; readonly password: string } | undefined;
  /** Where it comes from: `--username`, the cluster's Secret. */
  readonly from: string;
  /** Who said what the cluster pulls with: the flags, its Secret, or nobody, as it was not read or not asked for. */
  readonly origin: 'given' | 'secret' | 'not-read' | 'not-asked';
}

export function isKnown({ origin }: PullLogin): boolean {
  return origin === 'given' || origin === 'secret';
}

const names = ['placements', 'push-rights'];

/**
 * `registry`: it answers to the pull credential. `placements`: every placement resolves to its signed digest.
 * `push-rights`: the pull credential can do no more than pull.
 * @param target enters with the pull credential
 */
export async function registryChecks(
  inventory: Inventory,
  target: RegistryClient,
  login: PullLogin,
): Promise<Check[]> {
  const first = inventory.images.flatMap(({ placements }) => placements)[0];
  if (!first) return skipAll(['registry', ...names], 'the bundle has no placement');
  const reached = await check('registry', () => reach(first.reference, target, login));
  if (reached.status !== 'ok')
    return [reached, ...skipAll(names, 'the registry was not reached with this login')];
  return [
    reached,
    await check('placements', () => resolvePlacements(inventory, target)),
    await check('push-rights', () => tryPush(inventory, target, login)),
  ];
}

async function reach(reference: string, target: RegistryClient, login: PullLogin) {
  const { repository, tag } = splitPlacement(reference);
  const who = login.credential ? `as ${login.credential.username}` : 'without a login';
  try {
    await target.headManifest(repository.slice(target.host.length + 1), tag);
    return ok(`${target.host} answers ${who} (${login.from})`);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    const { message, given = '', next = '' } = error;
    const evidence = `${who} (${login.from}): ${[message, given].filter(Boolean).join(': ')}`;
    if (error.class !== 'authentication') return failure(evidence, next);
    if (isKnown(login)) return failure(evidence, cureOfLogin);
    return (login.origin === 'not-asked' ? failure : skipped)(evidence, cureOfNone);
  }
}

const cureOfLogin = `give the cluster a login that can pull: ${installStep('secret,chart', loginFlags)}`;
const cureOfNone = `give doctor the pull credential: ${loginFlags}`;

async function resolvePlacements(inventory: Inventory, target: RegistryClient) {
  const { pullThrough = [] } = inventory.target;
  const images = transferImages(inventory);
  const found = await headPlacements({ images, target, pullThrough });
  const all = headResult(found).images.flatMap(({ placements }) => placements);
  const errors = all.flatMap(({ error }) => error ?? []);
  const sum = `${all.length - errors.length} of ${count(all.length, 'placement')} resolve to the signed digest`;
  if (errors.length === 0) return whole(sum, await lostChildren(inventory, target));
  const lines = errors.map(({ message, given }) => [message, given].filter(Boolean).join(': '));
  const isElsewhere = found.some(({ places }) => places.some(leadsElsewhere));
  const cure = `${installStep('load')}${isElsewhere ? withOlder : ''}`;
  return failure([sum, ...lines].join('\n'), cure);
}

const withOlder =
  ' (with --allow-downgrade if a newer bundle was loaded, whose tags it takes back)';

const leadsElsewhere = ({ found }: PlaceFound) =>
  found.state === 'missing' && found.existing !== undefined;

function whole(sum: string, lost: readonly string[]): Finding {
  if (lost.length === 0) return ok(sum);
  const evidence = [`${sum}, but the registry has lost what is below them:`, ...lost];
  return failure(evidence.join('\n'), 'node bundle.js load BUNDLE --key PUB --deep brings it back');
}

async function tryPush(
  { images, target: { pullThrough } }: Inventory,
  target: RegistryClient,
  { credential, from }: PullLogin,
) {
  const repositories = images.flatMap(({ placements }) =>
    placements.map(({ reference }) => splitPlacement(reference).repository),
  );
  const written = repositories.find((repository) => !isPullThrough(repository, pullThrough));
  if (written === undefined) return skipped('all placements are in a pull-through cache');
  const who = credential ? `${credential.username} (${from})` : 'anybody';
  const repository = written.slice(target.host.length + 1);
  try {
    await target.checkPush(repository);
  } catch (error) {
    if (!(error instanceof AirgapError) || !['refused', 'authentication'].includes(error.class))
      throw error;
    return ok(`${who} may not push to ${repository}`);
  }
  return warning(
    `${who} may push to ${repository}: whoever reads the Secret of the cluster can replace its images`,
    'let the cluster pull with an account that can only read (in Harbor a robot with pull alone)',
  );
}
