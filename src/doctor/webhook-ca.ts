import { X509Certificate } from 'node:crypto';
import { type Finding, failure, ok, warning } from './check.ts';
import type { RegisteredWebhook } from './webhook.ts';

/** `webhook-ca`: the API server can trust the webhook. A bundle of certificates is as good as the last of them. */
export function judgeCertificates(webhooks: readonly RegisteredWebhook[], now: Date): Finding {
  const found = webhooks.map((one) => certificateFinding(one, now));
  return (
    found.find(({ status }) => status === 'failure') ??
    found.find(({ status }) => status === 'warning') ??
    ok(found.map(({ evidence }) => evidence).join('\n'))
  );
}

const renew = 'restart its pods, which register it again: kubectl rollout restart deployment';
const month = 30 * 24 * 60 * 60 * 1000;

function certificateFinding(
  { configuration, webhook: { clientConfig } }: RegisteredWebhook,
  now: Date,
): Finding {
  const cure = `${renew} --namespace ${clientConfig.service?.namespace ?? 'NAMESPACE'}`;
  const pem = Buffer.from(clientConfig.caBundle ?? '', 'base64').toString();
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    return failure(`${configuration} has no CA: the API server cannot trust its server`, cure);
  try {
    const end = Math.max(...blocks.map((block) => Date.parse(new X509Certificate(block).validTo)));
    const until = `the CA of ${configuration} is valid until ${new Date(end).toISOString()}`;
    if (end < now.getTime()) return failure(`${until}: it has expired`, cure);
    return end < now.getTime() + month ? warning(`${until}: soon`, cure) : ok(until);
  } catch {
    return failure(`the CA of ${configuration} is no certificate`, cure);
  }
}
