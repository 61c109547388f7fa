import pMap from 'p-map';
import type { Descriptor } from '../oci/descriptor.ts';
import { projectOf } from '../plan/repositories.ts';
import { AirgapError, failuresIn } from '../report/error.ts';
import { mountBase } from './from-base.ts';
import type { LayoutOrigin } from './job.ts';
import type { Watch } from './oras-bytes.ts';
import type { Work } from './work.ts';

/**
 * Where mounts work, sends every blob of a layout into the bundle repository with one oras process a root, for
 * all images to be mounted from there. Where they do not, or the registry refuses a root, says so and leaves it
 * to the images, each copied by itself.
 */
export async function fillBundleRepository(
  origin: LayoutOrigin,
  repositories: readonly string[],
  blobs: readonly Descriptor[],
  work: Work,
): Promise<void> {
  const at = `${work.job.target.host}/${origin.bundleRepository}`;
  const oneByOne = (why: string) =>
    work.context.emit({ kind: 'note', message: `images are copied one by one: ${why}` });
  try {
    const refusing = await refusesMounts(origin, repositories, work);
    if (refusing !== undefined) return oneByOne(`${refusing} refuses mounts from ${at}`);
    const push = () => work.job.target.checkPush(origin.bundleRepository);
    await work.firstPush({ repository: origin.bundleRepository, push });
  } catch (error) {
    return oneByOne(`${at} cannot be pushed to (${reason(error)})`);
  }
  const copying = work.progress.copying(blobs, at);
  try {
    await mountBase(origin, blobs, work);
    for (const [number, root] of origin.roots.entries())
      await pushRoot(origin, root, number, blobs, copying.watch(), work);
    for (const blob of blobs) work.turns.arrived(blob, origin.bundleRepository);
    work.context.emit({ kind: 'note', message: `images are mounted from ${at}` });
  } catch (error) {
    oneByOne(`${at} does not take the bundle as a whole (${reason(error)})`);
    await keepWhatArrived(origin.bundleRepository, blobs, work);
  } finally {
    copying.end();
  }
}

/**
 * Pushes the small blob, unless an earlier run did, and mounts it into a repository of each project.
 * @returns one that refuses
 */
async function refusesMounts(
  { bundleRepository, smallBlob }: LayoutOrigin,
  repositories: readonly string[],
  { job: { target } }: Work,
): Promise<string | undefined> {
  const { digest, bytes } = smallBlob;
  const size = await target.headBlob(bundleRepository, digest);
  if (size === undefined) await target.putBlob(bundleRepository, digest, bytes);
  const perProject = new Map(repositories.map((repository) => [projectOf(repository), repository]));
  for (const repository of perProject.values()) {
    const mounted = await target.mountBlob(repository, digest, bundleRepository);
    if (!mounted) return repository;
  }
  return undefined;
}

/** Of a root index, in oras, if the registry has as many places: more help over far links, and cost little on near ones. */
const blobsAtOnce = 16;

async function pushRoot(
  { file, bundleRepository: repository, tag: first }: LayoutOrigin,
  { digest }: Descriptor,
  number: number,
  blobs: readonly Descriptor[],
  watch: Watch,
  work: Work,
): Promise<void> {
  const { target } = work.job;
  const tag = number === 0 ? first : `${first}-${number + 1}`;
  const head = async () => (await target.headManifest(repository, tag))?.digest;
  if ((await head()) === digest) return;
  const to = { client: target, repository, tag };
  const copy = { digest, from: file, to, atOnce: blobsAtOnce, watch };
  work.sent(await work.oras.copy(copy, blobs));
  const found = await head();
  if (found === digest) return;
  throw new AirgapError('integrity', 'oras reported success, but the bundle is not there', {
    given: found ?? `no tag ${tag} in ${target.host}/${repository}`,
    expected: digest,
    next: 'check that the oras in use is the original one, then run again',
  });
}

/** Blobs come before the index that was refused: those that came can be mounted all the same. */
async function keepWhatArrived(
  repository: string,
  blobs: readonly Descriptor[],
  { job: { target }, turns }: Work,
): Promise<void> {
  const keep = async (blob: Descriptor) => {
    const size = await target.headBlob(repository, blob.digest).catch(nothing);
    if (size !== undefined) turns.arrived(blob, repository);
  };
  await pMap(blobs, keep, { concurrency: 64 });
}

/** @throws what no user can meet: a bug or an abort */
function reason(error: unknown): string {
  const [failure] = failuresIn(error);
  if (failure === undefined) throw error;
  return failure.given ?? failure.message;
}

function nothing(error: unknown): undefined {
  reason(error);
}
