import { strict as assert } from 'node:assert';
import { type ImageOptions, pushImage } from '../../test/helpers/images.ts';
import {
  type Ended,
  type Job,
  type Outcome,
  reached,
  section,
  startKeyedJob,
} from '../../test/helpers/job.ts';
import { type FrontProxy, startFrontProxy } from '../../test/helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../../test/helpers/registry.ts';

/** A source with images, and a folder in which each case writes a bundle.yaml anew. */
export interface Desk {
  readonly source: TestRegistry;
  /** Must not be asked for anything. */
  readonly target: FrontProxy;
  readonly job: Job;
}

/** By `registry/repository:tag`. */
export type Images = Readonly<Record<string, ImageOptions>>;

/** For what the source stands in every bundle.yaml of a desk. */
const registries = ['docker.io', 'quay.io', 'gcr.io', 'k8s.gcr.io'];

export interface Fields {
  /** In its text `T` is the target's host. */
  readonly map?: string;
  /** Of the section beside the map. */
  readonly section?: object;
  readonly [field: string]: unknown;
}

/** The desk of a trial, there from the first use until `close`. */
export class Desks {
  readonly #images: Images;
  #open: Promise<Desk> | undefined;

  constructor(images: Images) {
    this.#images = images;
  }

  at(): Promise<Desk> {
    this.#open ??= openDesk(this.#images);
    return this.#open;
  }

  /** Runs a verb that has no business with the target, with these fields over a bundle.yaml that is right. */
  async run(fields: Fields, ...argv: string[]): Promise<Ended<Outcome>> {
    const { source, target, job } = await this.at();
    const { map, section: more, ...others } = fields;
    const mirrorRegistries = map?.replaceAll(/\bT\b/g, target.host);
    const ociImageRegistry = {
      ...section(target.host),
      ...(mirrorRegistries !== undefined && { mirrorRegistries }),
      ...more,
    };
    const reaching = reached(source.host, target.host, registries);
    await job.bundle(target.host, { registries: reaching, ...others, ociImageRegistry });
    const ended = await job.run(...argv, '-f', 'bundle.yaml', '--output', 'json');
    assert.deepEqual(target.requests, [], 'the target was asked');
    return ended;
  }

  readonly close = async (): Promise<void> => {
    const desk = await this.#open;
    this.#open = undefined;
    if (!desk) return;
    await desk.target.stop();
    await Promise.all([desk.source.stop(), desk.job.remove()]);
  };
}

async function openDesk(images: Images): Promise<Desk> {
  const [source, job] = await Promise.all([
    startRegistry(),
    startKeyedJob({ SOURCE_DATE_EPOCH: '1790000000' }),
  ]);
  for (const [name, options] of Object.entries(images)) {
    const [, path = '', tag = ''] = /^(.*):([^:]+)$/.exec(name) ?? [];
    await pushImage(source.host, path, tag, options);
  }
  return { source, target: await startFrontProxy(source.host), job };
}
