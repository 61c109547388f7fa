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

/** An item of `images:` that is looked through for images. */
export const imageItemSchema = manifests;

export type ImageItem = z.output<typeof imageItemSchema>;
