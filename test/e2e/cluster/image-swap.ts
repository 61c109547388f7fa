import { load } from 'js-yaml';
import { parseMirrorMap } from '../../../src/mirror-map/parse.ts';
import { type WebhookAnswer, webhookImage } from '../../../src/mirror-map/webhook.ts';
import {
  type AdmissionServer,
  type Container,
  type PatchStep,
  startAdmission,
} from '../../helpers/admission.ts';
import type { Cluster } from '../../helpers/cluster.ts';
import type { Authority } from '../../helpers/tls.ts';
import { recordedMaps } from '../../helpers/webhook-answers.ts';

const home = 'imageswap-system';

/** An image that a pod named, and whose answer it got: the real webhook's own, or that of our rule. */
export interface Asked {
  readonly image: string;
  readonly by: 'recording' | 'rule';
}

/** What the real webhook does, by what it was seen to do. */
export interface ImageSwap extends AdmissionServer {
  /** From the beginning, in order. */
  readonly asked: readonly Asked[];
  /** The file that it reads, which a kubelet would bring. */
  useMap(map: string): void;
}

/** Answers for pods by the recorded answers, and by our own rule only where none is recorded for the map and image. */
export async function startImageSwap(authority: Authority): Promise<ImageSwap> {
  const asked: Asked[] = [];
  let map = '';
  const answer = (image: string): WebhookAnswer => {
    const recorded = recordedAnswer(map, image);
    asked.push({ image, by: recorded ? 'recording' : 'rule' });
    return recorded ?? webhookImage(parseMirrorMap(map), image);
  };
  const server = await startAdmission(authority, ({ spec }) => [
    ...steps('containers', spec.containers, answer),
    ...steps('initContainers', spec.initContainers ?? [], answer),
  ]);
  return {
    ...server,
    asked,
    useMap: (text) => {
      map = text;
    },
  };
}

function recordedAnswer(map: string, image: string): WebhookAnswer | undefined {
  const record = recordedMaps.find((one) => one.map === map);
  return record?.images.find((one) => one.image === image)?.webhook;
}

function steps(
  field: 'containers' | 'initContainers',
  containers: readonly Container[],
  answerFor: (image: string) => WebhookAnswer,
): PatchStep[] {
  return containers.flatMap(({ image }, at) => {
    const answer = answerFor(image);
    if ('error' in answer) throw new Error(answer.error);
    const path = `/spec/${field}/${at}/image`;
    return answer.swapped ? [{ op: 'replace', path, value: answer.image }] : [];
  });
}

/** The map file of the installed chart. */
export async function installedMap(cluster: Cluster): Promise<string> {
  return (await dataOf(cluster, 'imageswap-maps')).maps ?? '';
}

/** Registers a webhook as the installed chart has it, save that it is reached at an address and not by its Service. */
export async function register(
  cluster: Cluster,
  { clientConfig }: AdmissionServer,
  name = 'imageswap-webhook',
): Promise<void> {
  const template = (await dataOf(cluster, 'imageswap-mwc-template'))['imageswap-mwc'] ?? '';
  const { webhooks, ...written } = load(template) as { webhooks: readonly object[] };
  const own = webhooks.map((one) => ({ ...one, clientConfig }));
  const object = { ...written, metadata: { name }, webhooks: own };
  await cluster.kubectlWith(JSON.stringify(object), 'create', '--filename=-');
}

async function dataOf(cluster: Cluster, name: string): Promise<Readonly<Record<string, string>>> {
  const map = await cluster.get<{ data: Record<string, string> }>('configmap', name, home);
  return map?.data ?? {};
}
