import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { sampleInputs } from './sample-inputs.ts';
import { makeStep, type Step } from './step.ts';

export { key } from './sample-inputs.ts';
export const password = 'correct horse/battery+staple';

export interface Setting {
  readonly source: TestRegistry;
  readonly target: TestRegistry;
  /** Takes `ops` with `password` alone. */
  readonly locked: TestRegistry;
  /** A new one for each test. */
  readonly step: Step;
  /** Of a step that brings one image from the source to `host`. */
  inputs(host: string, more?: Readonly<Record<string, string>>): Record<string, string>;
}

/** Registers the hooks that make, renew and remove a setting; it is filled when a test runs. */
export function useSetting(): Setting {
  const setting = { inputs: (host, more) => sampleInputs(setting.source.host, host, more) } as {
    -readonly [Name in keyof Setting]: Setting[Name];
  };
  beforeAll(async () => {
    setting.source = await startRegistry();
    setting.target = await startRegistry();
    setting.locked = await startRegistry({ htpasswd: { username: 'ops', password } });
    // Large enough for oras to move it.
    const layers = [Buffer.alloc(2 * 1024 * 1024, 'nginx')];
    await pushImage(setting.source.host, 'library/nginx', '1', { layers });
  });
  beforeEach(async () => {
    setting.step = await makeStep();
  });
  afterEach(() => setting.step.remove());
  afterAll(async () => {
    for (const { stop } of [setting.source, setting.target, setting.locked]) await stop();
  });
  return setting;
}
