import type { BundleSpec } from '../inputs/spec.ts';
import { cureForLoop, rewriteLoop } from '../mirror-map/lint.ts';
import type { MirrorMap } from '../mirror-map/map.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageGraph } from '../oci/graph.ts';
import { isIndex } from '../oci/media-types.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import type { AirgapError } from '../report/error.ts';
import { checkContents } from './check-contents.ts';
import { type AskedFor, repositoryOf } from './placements.ts';
import type { Candidate, ResolvedImage } from './plan.ts';
import { availablePlatforms, missingPlatforms, platformNames } from './platforms.ts';
import { error, type Problem, warning } from './problem.ts';
import { basePath } from './repositories.ts';

/** What is wrong with one image under this map and this platform filter. */
export function checkImage(spec: BundleSpec, map: MirrorMap, candidate: Candidate): Problem[] {
  const name = candidate.image.listed.image;
  const isNoName = candidate.image.reference.registry === '';
  if (isNoName) return checkSource(candidate);
  return [
    ...checkSource(candidate),
    ...checkConsumers(spec, map, candidate),
    ...checkPlatforms(spec, candidate),
    ...(candidate.filtered ? checkContents(name, candidate.filtered.graph) : []),
  ];
}

function checkSource({
  image: { listed, reference, graph, failure, movedTag },
}: Candidate): Problem[] {
  const { image, origin } = listed;
  const problems: Problem[] = [];
  if (!graph) {
    problems.push(
      error(
        'unresolved',
        [image],
        `${image} (${origin}): ${failure ? whyUnresolved(failure, image) : 'its registry does not have it'}`,
        failure?.next ?? 'correct the name or tag',
      ),
    );
  }
  if (movedTag) {
    problems.push(movedProblem(image, movedTag, reference.digest !== undefined));
  }
  if (reference.tag === 'latest' && !reference.digest) {
    const message = `${image} names no fixed version; the bundle holds what it is today`;
    problems.push(warning('latest-tag', [image], message, 'write a version tag or a digest'));
  }
  return problems;
}

function movedProblem(image: string, now: Digest | 'gone', isWritten: boolean): Problem {
  const [taken, cure] = isWritten
    ? ['the digest that you wrote is taken', 'write the new digest if you want the new image']
    : ['the digest of the lock file is taken', `follow the tag: plan --update ${image}`];
  const found =
    now === 'gone' ? 'the tag is gone from its registry' : `the tag now resolves to ${now}`;
  return warning('moved-tag', [image], `${image}: ${found}; ${taken}`, cure);
}

/** The name is told with the image; anything else that was found says more than the message alone. */
function whyUnresolved({ message, given }: AirgapError, image: string): string {
  return given && given !== image ? `${message} (${given})` : message;
}

/** An image that both consumers were asked about. */
export interface Judged {
  readonly image: Pick<ResolvedImage, 'listed' | 'reference'>;
  readonly asks: AskedFor;
}

/** What is wrong with what both consumers make of an image. */
export function checkConsumers(
  spec: Pick<BundleSpec, 'target'>,
  map: MirrorMap,
  candidate: Judged,
): Problem[] {
  const outside = checkInside(spec, candidate);
  return [
    // What leaves the target comes back to the webhook as an image of elsewhere: one cause, told once.
    ...(outside.length > 0 ? outside : checkLoop(spec, map, candidate)),
    ...checkMapped(candidate),
    ...checkContainerd(candidate),
  ];
}

function checkLoop(
  spec: Pick<BundleSpec, 'target'>,
  map: MirrorMap,
  { image: { listed } }: Judged,
): Problem[] {
  const { image } = listed;
  const loop = rewriteLoop(map, image);
  if (!loop) return [];
  const message = `${image} becomes ${loop.once}, which the webhook would rewrite again to ${loop.twice}`;
  return [error('rewrite-loop', [image], message, cureForLoop(map, spec.target.endpoint, image))];
}

function checkMapped({ image: { listed, reference }, asks }: Judged): Problem[] {
  const { image } = listed;
  const { asked, webhookError, unusable } = asks;
  if (webhookError) {
    const message = `${image}: the webhook fails with ${webhookError} and the pod is refused`;
    return [error('webhook-error', [image], message, 'add an entry for its registry to the map')];
  }
  if (unusable) return unusableTarget(image, unusable);
  if (asked.length > 0) return [];
  const message = `no rule maps ${image}: it will be pulled from the internet, and is not mirrored`;
  return [warning('unmapped', [image], message, `add ${reference.registry}::TARGET to the map`)];
}

function checkContainerd({ image: { listed, reference }, asks: { asked } }: Judged): Problem[] {
  if (asked.length === 0 || asked.some(({ by }) => by === 'containerd')) return [];
  const { image } = listed;
  const message = `${image} is mapped by an entry that containerd's mirrors do not know; only the webhook finds it`;
  const cure = `add ${reference.registry}::TARGET if nodes pull it too`;
  return [warning('containerd-ignores', [image], message, cure)];
}

/** A `/v2/` in the target is told of once, with the map. */
function unusableTarget(image: string, target: string): Problem[] {
  if (target.split('/')[1] === 'v2') return [];
  const message = `${image} would become ${target}, which is no image reference`;
  return [error('outside-target', [image], message, 'correct the target in the map')];
}

/** Rules that build a target from the image itself can leave the base path although the entry looks right. */
function checkInside({ target }: Pick<BundleSpec, 'target'>, { image, asks }: Judged): Problem[] {
  const prefix = basePath(target);
  const outside = asks.asked.filter(
    ({ reference }) => !repositoryOf(reference).startsWith(`${prefix}/`),
  );
  return outside
    .slice(0, 1)
    .map(({ reference }) =>
      error(
        'outside-target',
        [image.listed.image],
        `${image.listed.image} would become ${repositoryOf(reference)}, which does not lie under ${prefix}`,
        'correct the target in the map, or endpoint and baseContentPath',
      ),
    );
}

function checkPlatforms({ platforms }: BundleSpec, { image, filtered }: Candidate): Problem[] {
  if (platforms.length === 0 || !image.graph) return [];
  const name = image.listed.image;
  if (!filtered) return [noPlatform(name, image.graph, platforms)];
  const missing = missingPlatforms(image.graph, platforms).map(formatPlatform).join(', ');
  const lacking = missing === '' ? [] : [somePlatforms(name, missing)];
  if (image.reference.digest && isIndex(image.graph.root.mediaType)) {
    const message = `${name} is pinned by the digest of an index: all its platforms are kept, or the digest would change`;
    return [
      ...lacking,
      warning('index-digest-kept', [name], message, 'pin the digest of one platform to carry less'),
    ];
  }
  if (!filtered.droppedAttestations) return lacking;
  const message = `${name}: attestations in its index are dropped by the platform filter`;
  return [
    ...lacking,
    warning('attestations-dropped', [name], message, 'leave platforms out to keep them'),
  ];
}

function noPlatform(name: string, graph: ImageGraph, platforms: readonly Platform[]): Problem {
  const has = platformNames(availablePlatforms(graph)).join(', ') || 'none that it tells';
  const message = `${name} has none of ${platforms.map(formatPlatform).join(', ')} (it has ${has})`;
  return error('platform-missing', [name], message, 'add a platform, or leave the image out');
}

function somePlatforms(name: string, missing: string): Problem {
  const message = `${name} is not there for ${missing}: nodes of that platform cannot run it`;
  return warning('platform-missing', [name], message, 'run it on the other nodes only');
}
