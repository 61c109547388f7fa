import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Context } from '../../src/context.ts';
import type { Found } from '../../src/image-sources/found.ts';
import { failuresIn } from '../../src/report/error.ts';
import { errorText } from '../../src/report/error-text.ts';
import type { Event } from '../../src/report/events.ts';

export interface Setting {
  readonly folder: string;
  readonly context: Context;
  readonly events: readonly Event[];
  /** Writes files by their path in the folder; `folder` stands for the folder in what is shown. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

/** A folder of its own, and what is told meanwhile. */
export async function startSetting(env: Readonly<Record<string, string>> = {}): Promise<Setting> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-sources-'));
  const events: Event[] = [];
  const context: Context = {
    env,
    cwd: folder,
    temporary: folder,
    now: () => new Date(0),
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
  };
  return {
    folder,
    context,
    events,
    async write(files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Lines `image (source)`, `? ` before a suspected one, then the errors as the terminal shows them. */
export async function shown(work: Promise<Found>, folder: string): Promise<string[]> {
  try {
    const { images, errors } = await work;
    return [
      ...images.map(
        ({ image, source, isSuspected }) => `${isSuspected ? '? ' : ''}${image} (${source})`,
      ),
      ...errors.map(errorText),
    ].map((line) => line.replaceAll(folder, 'DIR'));
  } catch (thrown) {
    const failures = failuresIn(thrown);
    if (failures.length === 0) throw thrown;
    return failures.map((failure) => errorText(failure).replaceAll(folder, 'DIR'));
  }
}
