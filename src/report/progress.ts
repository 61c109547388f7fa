import { formatBytes } from './units.ts';

type Bytes = { readonly done: number; readonly total: number };

/** Puts into words how far a transfer is, not more often than every `interval` milliseconds. */
interface ProgressMeter {
  /** @returns one line, or none while the last one is too young */
  read(bytes: Bytes): string[];
  /** The next bytes are another transfer's. */
  restart(): void;
}

export function progressMeter(now: () => Date, interval: number): ProgressMeter {
  let start: (Bytes & { at: number }) | undefined;
  let saidAt = 0;
  return {
    read: (bytes) => {
      const at = now().getTime();
      if (start?.total !== bytes.total) {
        start = { ...bytes, at };
        saidAt = at;
      }
      if (at - saidAt < interval) return [];
      saidAt = at;
      return [`  ${progressText(bytes, (bytes.done - start.done) / ((at - start.at) / 1000))}`];
    },
    restart: () => {
      start = undefined;
    },
  };
}

/** `1.2 GiB of 4.0 GiB, 30 %, 35 MiB/s, 1 min 22 s left`. @param rate bytes a second so far */
export function progressText({ done, total }: Bytes, rate: number): string {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const text = `${formatBytes(done)} of ${formatBytes(total)}, ${percent} %`;
  if (!(rate >= 1)) return text;
  const left = Math.ceil((total - done) / rate);
  return `${text}, ${formatBytes(Math.round(rate))}/s, ${formatSeconds(left)} left`;
}

function formatSeconds(seconds: number): string {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${seconds} s`;
  return hours === 0 ? `${minutes} min ${seconds % 60} s` : `${hours} h ${minutes % 60} min`;
}
