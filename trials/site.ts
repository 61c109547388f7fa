import { mkdir, rm } from 'node:fs/promises';
import { type ImageOptions, pushImage } from '../test/helpers/images.ts';
import {
  type Ended,
  type How,
  type Job,
  type Outcome,
  type OutcomeInventory,
  reached,
  startKeyedJob,
} from '../test/helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../test/helpers/proxy.ts';
import { shortStall } from './knobs.ts';
import { randomOf } from './random.ts';
import { type Kind, openRegistry, type Registry } from './registries.ts';

/** The verbs that move bytes: from the source, into the target, or both. */
export const verbs = ['mirror', 'create', 'load'] as const;
export type Verb = (typeof verbs)[number];

/** A registry that the program sees through a proxy. */
export interface Side {
  readonly registry: Registry;
  readonly front: FrontProxy;
}

/** Two registries with their proxies, a work folder, and what an undisturbed run gives. */
export interface Site {
  readonly kind: Kind;
  readonly source: Side;
  readonly target: Side;
  readonly job: Job;
  /** What was signed: every end state is held to it. */
  readonly inventory: OutcomeInventory;
  /** Of the bundle file of an undisturbed `create`. */
  readonly sha256: string;
  /** Arguments of a verb; `load` takes the bundle of the undisturbed `create`. */
  argv(verb: Verb): string[];
  run(verb: Verb, ...flags: string[]): Promise<Ended<Outcome>>;
  runWith(how: How, verb: Verb, ...flags: string[]): Promise<Ended<Outcome>>;
  /** As after opening: nothing in the target, no state, no faults, no requests. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Images by `registry/repository:tag`. */
export type Corpus = Readonly<Record<string, ImageOptions>>;

/** Two go by our own client, two by oras; layers are shared within and over both ways. */
export const fewImages: Corpus = {
  'docker.io/library/one:1': {
    layers: [bytes('shared', 200_000), bytes('one', 40_000)],
    opaque: true,
  },
  'quay.io/a/two:1': {
    layers: [bytes('shared', 200_000)],
    opaque: true,
    platforms: ['linux/amd64', 'linux/arm64'],
  },
  'quay.io/a/big:1': { layers: [bytes('shared', 200_000), bytes('big', 3_000_000)], opaque: true },
  'quay.io/b/wide:1': {
    layers: [bytes('wide', 1_500_000), bytes('broad', 1_200_000)],
    opaque: true,
  },
};

export interface SiteOptions {
  readonly corpus?: Corpus;
  /** Images that no corpus has words for: fills a registry, resolves to `registry/repository:tag` of each. */
  fill?(host: string): Promise<readonly string[]>;
  /** Fields of bundle.yaml. */
  readonly fields?: object;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openSite(kind: Kind, options: SiteOptions = {}): Promise<Site> {
  const corpus = options.corpus ?? fewImages;
  const [source, target] = [await openSide(kind), await openSide(kind)];
  const job = await startKeyedJob({
    SOURCE_DATE_EPOCH: '1790000000',
    ...shortStall,
    ...options.env,
  });
  const images = options.fill
    ? await options.fill(source.registry.host)
    : await fill(source.registry, corpus);
  await job.bundle(target.front.host, {
    images,
    registries: reached(source.front.host, target.front.host),
    ...options.fields,
  });
  const made = await job.done('create', '-f', 'bundle.yaml', '-o', 'clean');
  const argv = (verb: Verb) =>
    verb === 'load' ? load : [verb, '-f', 'bundle.yaml', ...into[verb]];
  const site: Site = {
    kind,
    source,
    target,
    job,
    inventory: made.inventory,
    sha256: made.sha256,
    argv,
    run: (verb, ...flags) => site.runWith({}, verb, ...flags),
    runWith: (how, verb, ...flags) =>
      job.runWith({ prefix: limit, ...how }, ...argv(verb), ...flags, '--output', 'json'),
    reset: () => reset(site),
    close: async () => {
      for (const { front, registry } of [source, target]) {
        await front.stop();
        await registry.stop();
      }
      await job.remove();
    },
  };
  await reset(site);
  return site;
}

/** Whoever hangs is killed with its children. */
const limit = ['timeout', '-s', 'KILL', '55'];
const bundle = 'clean/sample-1.0.0.tar';
const load = ['load', bundle, '--key', 'bundle.pub'];
const into = { mirror: [], create: ['-o', 'out'] } as const;

async function openSide(kind: Kind): Promise<Side> {
  const registry = await openRegistry(kind);
  return { registry, front: await startFrontProxy(registry.host) };
}

async function fill({ host }: Registry, corpus: Corpus): Promise<readonly string[]> {
  for (const [name, options] of Object.entries(corpus)) {
    const [repository = '', tag = ''] = name.split(':');
    await pushImage(host, repository, tag, options);
  }
  return Object.keys(corpus);
}

async function reset({ source, target, job }: Site): Promise<void> {
  for (const { front } of [source, target]) {
    front.rules.length = 0;
    front.clear();
  }
  await target.registry.empty();
  for (const name of ['out', 'state', 'tmp', '.airgap-bundle'])
    await rm(job.path(name), { recursive: true, force: true });
  for (const name of ['state', 'tmp']) await mkdir(job.path(name));
}

/** Noise that follows from a word. */
function bytes(word: string, length: number): Buffer {
  return randomOf(word).bytes(length);
}
