import * as z from 'zod';
import { durationPattern } from './duration.ts';
import { imageItems } from './image-item.ts';

const text = z.string().min(1);
const registryHost = text.describe('Registry as images name it: `docker.io`, `host:port`.');
const pemOrPath = text.describe('PEM text, or the path of a PEM file.');
/** Whatever a pasted section has there; YAML makes a number of some passwords. */
const pastedCredential = z
  .union([z.string(), z.number(), z.null()])
  .optional()
  .describe('Ignored: credentials are given on site.');

const ociImageRegistry = z
  .strictObject({
    endpoint: text.describe('Target registry, `host[:port]` without a scheme.'),
    name: text.describe('Name of the registry in the image-swap values.'),
    baseContentPath: z.string().describe('Path below the endpoint that every target lies under.'),
    insecureSkipVerify: z
      .boolean()
      .default(false)
      .describe('`true` for a certificate that cannot be verified, else `false`.'),
    caCert: z.string().nullish().describe('CA of the target: PEM text, or the path of a PEM file.'),
    mirrorRegistries: z
      .union([
        z.string(),
        z.array(text),
        z.strictObject({ file: text.describe('Path of a map in line or comma form.') }),
      ])
      .describe('The mirror map: `source::target,…`, a list of such entries, or {file: PATH}.'),
    username: pastedCredential,
    password: pastedCredential,
  })
  .describe("The chart's section, pasted as it is.");

const imageSwap = z.strictObject({
  chart: text
    .optional()
    .describe('The image-swap chart: path of a .tgz, or `oci://…:version`; by default our own.'),
  initImage: text.optional().describe("Source of image-swap's init image."),
  image: text.optional().describe("Source of image-swap's own image."),
  isEKSCluster: z.boolean().optional().describe('`true` or `false`, for the values of the chart.'),
});

const registryAccess = z.strictObject({
  mirror: text
    .optional()
    .describe('`host` or `host/path` that is asked in place of this registry.'),
  plainHttp: z.boolean().optional().describe('`true`: http, never https.'),
  caCert: pemOrPath.optional(),
  insecureSkipVerify: z
    .boolean()
    .optional()
    .describe('`true` for a certificate that cannot be verified, else `false`.'),
  maxConcurrent: z.int().min(1).optional().describe('Most requests at a time, default 32.'),
});

const carriedTool = z
  .union([
    text,
    z.strictObject({
      platform: text.describe(
        '`os/architecture` of the host behind the gap, such as `linux/arm64`.',
      ),
      oras: text.describe('Path of an oras for that platform.'),
    }),
  ])
  .describe('`os/architecture`, or {platform: …, oras: FILE}.');

/** `bundle.yaml`. The published `bundle.schema.json` is generated from this. */
export const bundleSchema = z.strictObject({
  $schema: z.string().optional(),
  apiVersion: z.literal('airgap-bundle/v1').describe('`airgap-bundle/v1`'),
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'lower-case letters, digits, and single . _ - between')
    .max(100, 'of at most 100 characters')
    .describe('Name of the bundle; part of its file name and of its repository in the target.'),
  version: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/,
      'letters, digits, . _ - (at most 128): it becomes a tag',
    )
    .describe('Version of the bundle; quote it where YAML would read a number.'),
  environment: z
    .enum(['airgap', 'non-airgap'])
    .default('airgap')
    .describe('`airgap`, or `non-airgap` to install the Secret alone, no chart.'),
  ociImageRegistry: ociImageRegistry.optional(),
  config: z.strictObject({ ociImageRegistry }).optional(),
  imageSwap: imageSwap.default({}),
  images: z
    .array(
      z
        .union([
          text,
          z.strictObject({ list: text.describe('Path of a list, one image a line, # comments.') }),
          ...imageItems,
        ])
        .describe(
          'An image as manifests name it, {list: FILE}, or a source: {manifests: PATH}, {chart: PATH}, {cluster: {}}, {containerd: FILE}, {compose: FILE}, {hauler: FILE}, {imagesLock: FILE}, {zarf: FILE}.',
        ),
    )
    .describe(
      'The images that the cluster needs, as its manifests name them, or where they are found.',
    ),
  covers: z
    .array(z.union([...imageItems]))
    .default([])
    .describe(
      'Sources as in `images`: `plan` tells which of their images the bundle lacks; nothing of theirs is taken.',
    ),
  platforms: z
    .array(text)
    .default([])
    .describe('List of `os/architecture[/variant]` to keep; absent or empty: all.'),
  referrers: z
    .boolean()
    .default(true)
    .describe(
      '`false`: signatures, attestations and SBOMs that are attached to the images are left out.',
    ),
  registries: z
    .record(registryHost, registryAccess)
    .default({})
    .describe('How to reach a registry from here, by `host[:port]`.'),
  signing: z
    .union([
      z.strictObject({ key: text.describe('Path of the private key.') }),
      z.strictObject({ unsigned: z.literal(true) }),
    ])
    .optional()
    .describe('{key: FILE}, or {unsigned: true}.'),
  unsigned: z.boolean().optional().describe('`true`: make a bundle without a signature.'),
  pullThrough: z
    .array(text)
    .default([])
    .describe('List of target paths that cannot be pushed to (proxy caches); proved by a HEAD.'),
  retryBudget: z
    .string()
    .regex(durationPattern, 'a length of time such as 90s, 30m or 2h')
    .optional()
    .describe(
      'How long a request or copy that may yet succeed is tried again: `90s`, `30m`, `2h`; default `10m`, at most `168h`.',
    ),
  tools: z
    .array(carriedTool)
    .default([])
    .describe(
      'Platforms whose oras the bundle carries, for hosts behind the gap without one: `linux/amd64` for the oras that is used here, {platform: linux/arm64, oras: FILE} for another.',
    ),
  credentials: z
    .union([
      z.literal('embed'),
      z.strictObject({
        age: z
          .array(text)
          .min(1)
          .describe('Recipients as age takes them: `age1…`, or an SSH public key.'),
      }),
    ])
    .optional()
    .describe(
      '`embed`: the pull credential that create is given travels in the bundle IN CLEAR TEXT; {age: [RECIPIENT]}: encrypted. Absent: it is given to install.sh.',
    ),
  sequence: z
    .int()
    .min(0)
    .optional()
    .describe('Whole number that grows with each bundle; by default createdAt in seconds.'),
  expires: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })])
    .optional()
    .describe(
      'When the bundle begins to be refused: `2027-06-30` (0:00 UTC) or `2027-06-30T12:00:00Z`.',
    ),
});

export type BundleDocument = z.output<typeof bundleSchema>;

/** JSON Schema (draft 2020-12) of bundle.yaml for editors. */
export function bundleJsonSchema(): unknown {
  const { $schema, ...schema } = z.toJSONSchema(bundleSchema, { io: 'input' });
  return { $schema, title: 'airgap-bundle: bundle.yaml', ...schema };
}
