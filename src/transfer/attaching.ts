import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ManifestDocument } from '../oci/graph.ts';
import { ociIndex } from '../oci/media-types.ts';
import { referrerDescriptor, referrersTag } from '../oci/referrers.ts';
import type { RegistryClient } from '../registry/client.ts';
import { lacksContent } from '../registry/failures.ts';
import { AirgapError } from '../report/error.ts';

/** Someone else may write the same list at the same time, and the protocol has no lock. */
const mostTries = 5;

/**
 * Lists a manifest among what is attached to its subject, for a registry that does not do so itself (distribution-spec,
 * "Pushing Manifests with Subject"): reads the index under the subject's tag, adds the manifest, and reads it back. What
 * others have put there stays.
 * @throws AirgapError
 */
export async function listAttached(
  target: RegistryClient,
  repository: string,
  subject: Digest,
  document: ManifestDocument,
): Promise<void> {
  const list = { target, repository, tag: referrersTag(subject) };
  const entry = referrerDescriptor(document);
  for (let tries = 0; tries < mostTries; tries++) {
    const index = await readList(list);
    if (index.manifests.some(({ digest }) => digest === entry.digest)) return;
    await putList(list, { ...index, manifests: [...index.manifests, entry] });
  }
  throw new AirgapError('integrity', `${nameOf(list)} does not keep what is added to it`, {
    given: `no ${entry.digest} in it after ${mostTries} tries`,
    next: 'check whether something else writes to this tag, then run again',
  });
}

interface List {
  readonly target: RegistryClient;
  readonly repository: string;
  readonly tag: string;
}

/** The document as it stands, with fields that we know nothing of. */
interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Pick<Descriptor, 'digest'>[];
}

async function readList(list: List): Promise<Index> {
  const found = await list.target.getManifest(list.repository, list.tag);
  if (found === undefined) return { schemaVersion: 2, mediaType: ociIndex, manifests: [] };
  if (found.descriptor.mediaType !== ociIndex) throw notAList(list, found.descriptor);
  const index = parsed(found.bytes);
  if (index === undefined) throw notAList(list, found.descriptor);
  return { ...index, manifests: index.manifests ?? [] };
}

type Read = Omit<Index, 'manifests'> & { readonly manifests?: Index['manifests'] | null };

function parsed(bytes: Buffer): Read | undefined {
  try {
    return JSON.parse(bytes.toString()) as Read;
  } catch {
    return undefined;
  }
}

function notAList(list: List, { mediaType, digest }: Descriptor): AirgapError {
  return new AirgapError('refused', `${nameOf(list)} is no list of what is attached to an image`, {
    given: `${mediaType} ${digest}`,
    expected: ociIndex,
    next: 'remove or rename that tag in the target: the registry has no referrers API, so its clients look there',
  });
}

/** An entry whose manifest is gone makes the registry refuse the list: then it goes too. */
async function putList(list: List, index: Index): Promise<void> {
  try {
    await put(list, index);
  } catch (error) {
    if (!(error instanceof AirgapError && lacksContent(error))) throw error;
    const { target, repository } = list;
    const there = await Promise.all(
      index.manifests.map(
        async (one) => (await target.headManifest(repository, one.digest)) && one,
      ),
    );
    await put(list, { ...index, manifests: there.flatMap((one) => one ?? []) });
  }
}

async function put({ target, repository, tag }: List, index: Index): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(index));
  await target.putManifest(repository, tag, ociIndex, bytes);
}

function nameOf({ target, repository, tag }: List): string {
  return `${target.host}/${repository}:${tag}`;
}

/** One after the other for each name. */
export function inTurn(): (name: string, work: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, mine);
    return mine;
  };
}
