import type { ResolveResult } from '../mirror-map/consumers.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';

/** One row an image: what the webhook writes into the pod, and what containerd asks for instead. */
export function renderResolve(results: readonly ResolveResult[]): string {
  const rows = results.map(({ image, webhook, containerd }) => [
    image,
    webhookCell(webhook),
    containerd.join(' ') || '(unchanged)',
  ]);
  return safeText(table([['IMAGE', 'WEBHOOK', 'CONTAINERD'], ...rows]));
}

function webhookCell(webhook: ResolveResult['webhook']): string {
  if ('error' in webhook) return `(pod refused: ${webhook.error})`;
  return webhook.swapped ? webhook.image : '(unchanged)';
}
