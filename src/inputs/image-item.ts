import * as z from 'zod';

const text = z.string().min(1);
const suspected = z
  .boolean()
  .optional()
  .describe('`true`: what only looks like an image is taken too.');

const manifests = z.strictObject({
  manifests: text.describe(
    'Manifests or what kustomize prints: a file, a folder, or "-" for standard input.',
  ),
  suspected,
});

const chart = z.strictObject({
  chart: text.describe('A Helm chart: its folder, its .tgz, or `oci://host/path/NAME:VERSION`.'),
  version: text.optional().describe('Version of a chart that lies in a registry.'),
  values: z
    .array(text)
    .default([])
    .describe('Paths of values files, in the order that helm takes.'),
  namespace: text.optional().describe('Namespace that the chart is rendered for.'),
  kubeVersion: text.optional().describe('Version of Kubernetes that the chart is rendered for.'),
  apiVersions: z
    .array(text)
    .default([])
    .describe('APIs that the cluster has besides those of Kubernetes: `group/version/Kind`.'),
  suspected,
});

const cluster = z.strictObject({
  cluster: z
    .strictObject({
      context: text.optional().describe('Context of the kubeconfig; absent: the current one.'),
      kubeconfig: text.optional().describe('Path of a kubeconfig; absent: as kubectl finds it.'),
      namespaces: z
        .array(text)
        .default([])
        .describe('Namespaces to look at; absent or empty: all.'),
    })
    .describe('A cluster that is asked through kubectl.'),
  suspected,
});

const containerd = z.strictObject({
  containerd: text.describe("A node's config.toml: the image of its pods' sandboxes."),
  suspected,
});

const compose = z.strictObject({
  compose: text.describe('A file of docker compose.'),
  suspected,
});

const hauler = z.strictObject({
  hauler: text.describe('A Hauler manifest, of which its kind Images is taken.'),
  suspected,
});

const imagesLock = z.strictObject({
  imagesLock: text.describe('An Images.lock of dt, or the lock file of imgpkg.'),
  suspected,
});

const zarf = z.strictObject({
  zarf: text.describe('A zarf.yaml, of which the images of its components are taken.'),
  suspected,
});

/** The items of `images:` that are looked through for images. */
export const imageItems = [
  manifests,
  chart,
  cluster,
  containerd,
  compose,
  hauler,
  imagesLock,
  zarf,
] as const;

export type ImageItem = z.output<(typeof imageItems)[number]>;
