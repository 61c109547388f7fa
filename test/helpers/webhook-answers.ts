import { readFileSync } from 'node:fs';
import type { WebhookAnswer } from '../../src/mirror-map/webhook.ts';

/** A mirror map, and what imageswap-webhook 1.5.3 itself answered by it (test/fixtures/README.md). */
export interface RecordedMap {
  readonly map: string;
  readonly images: readonly { readonly image: string; readonly webhook: WebhookAnswer }[];
}

const file = new URL('../fixtures/image-swap-webhook.jsonl', import.meta.url);

export const recordedMaps: readonly RecordedMap[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
