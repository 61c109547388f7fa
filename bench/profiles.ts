const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** The shape of a corpus; sizes in bytes. The same shape gives the same bytes, on every machine. */
export interface Profile {
  readonly name: string;
  readonly images: number;
  /** Every so-manieth image is an index over linux/amd64 and linux/arm64; 0: none is. */
  readonly multiPlatformEvery: number;
  /** Stacks of layers that images share: how many of them a platform has, and their layers. */
  readonly bases: { readonly amd64: number; readonly arm64: number };
  readonly baseLayers: readonly number[];
  /** Layers of one manifest alone: mean sizes, from which the real ones lie 0.4 to 1.6 times away. */
  readonly ownLayers: readonly number[];
  /** One more layer in one image. */
  readonly giant?: number;
  /** What a proxy before both registries holds every chunk back, each way. */
  readonly delayMs: number;
}

const medium: Profile = {
  name: 'medium',
  images: 80,
  multiPlatformEvery: 4,
  bases: { amd64: 7, arm64: 2 },
  baseLayers: [30 * MiB, 12 * MiB, 1 * MiB],
  ownLayers: [11 * MiB, 4 * MiB, 1 * MiB],
  delayMs: 0,
};

/** A tenth of medium, over a long line. */
const shrunk = (size: number) => Math.round(size * 0.091);

export const profiles: readonly Profile[] = [
  {
    name: 'small',
    images: 300,
    multiPlatformEvery: 0,
    bases: { amd64: 10, arm64: 0 },
    baseLayers: [40 * KiB, 8 * KiB],
    ownLayers: [30 * KiB, 12 * KiB, 4 * KiB],
    delayMs: 0,
  },
  medium,
  {
    name: 'large',
    images: 5,
    multiPlatformEvery: 0,
    bases: { amd64: 2, arm64: 0 },
    baseLayers: [80 * MiB, 20 * MiB],
    ownLayers: [120 * MiB, 30 * MiB],
    giant: 4 * GiB,
    delayMs: 0,
  },
  {
    ...medium,
    name: 'far',
    baseLayers: medium.baseLayers.map(shrunk),
    ownLayers: medium.ownLayers.map(shrunk),
    delayMs: 15,
  },
];
