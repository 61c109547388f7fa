import type { Event } from './events.ts';
import { count, formatBytes } from './units.ts';

type Bytes = Omit<Extract<Event, { kind: 'bytes' }>, 'kind'>;

/** Puts into words how far a transfer is, not more often than every `interval` milliseconds. */
interface ProgressMeter {
  /** @returns words, or nothing while the last ones are too young */
  read(bytes: Bytes): string | undefined;
  /** The next bytes are another transfer's. */
  restart(): void;
}

/** The rate is that of the last milliseconds: a transfer that has come to a halt says so. */
const window = 10_000;
/** Milliseconds between two figures that are kept for the rate. */
const grain = 200;

export function progressMeter(now: () => Date, interval: number): ProgressMeter {
  let recent: { at: number; done: number }[] = [];
  let total: number | undefined;
  let saidAt = 0;
  return {
    read: (bytes) => {
      const at = now().getTime();
      if (total !== bytes.total) {
        total = bytes.total;
        recent = [];
        saidAt = at;
      }
      if (at - (recent.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= grain)
        recent.push({ at, done: bytes.done });
      while (recent[1] && at - recent[1].at >= window) recent.shift();
      if (at - saidAt < interval) return undefined;
      saidAt = at;
      const [since] = recent;
      const rate = since ? (1000 * (bytes.done - since.done)) / (at - since.at) : 0;
      return progressText(bytes, rate);
    },
    restart: () => {
      total = undefined;
    },
  };
}

/** `1.2 GiB of 4.0 GiB, 30 %, 35 MiB/s, 1 min 22 s left, 12 of 80 images`. @param rate bytes a second of late */
export function progressText({ done, total, images }: Bytes, rate: number): string {
  const far = images ? [`${images.done} of ${count(images.total, 'image')}`] : [];
  // Blobs are all there, and manifests are put.
  if (total === 0 && images) return far.join();
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const text = [`${formatBytes(done)} of ${formatBytes(total)}, ${percent} %`];
  if (!(rate >= 1) || done === total) return [...text, ...far].join(', ');
  const left = Math.ceil((total - done) / rate);
  return [
    ...text,
    `${formatBytes(Math.round(rate))}/s`,
    `${formatSeconds(left)} left`,
    ...far,
  ].join(', ');
}

function formatSeconds(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${seconds} s`;
  return hours === 0 ? `${minutes} min ${seconds % 60} s` : `${hours} h ${minutes % 60} min`;
}
