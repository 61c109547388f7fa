import * as z from 'zod';
import { bundleSchema } from './schema.ts';

const bundleFields = bundleSchema.shape;
const wholeSection = bundleFields.ociImageRegistry.unwrap();

/** What is left out stays as the bundle has it, so no field has a default. */
const siteSection = wholeSection
  .partial()
  .extend({
    insecureSkipVerify: z
      .boolean()
      .optional()
      .describe(wholeSection.shape.insecureSkipVerify.description ?? ''),
    mirrorRegistries: wholeSection.shape.mirrorRegistries
      .optional()
      .describe(
        'The mirror map: `source::target,…`, a list of such entries, or {file: PATH}; absent: that of the bundle, moved to this endpoint and base path.',
      ),
  })
  .describe(
    "The chart's section as it holds at this site; what is left out stays as in the bundle.",
  );

const endpointAccess = bundleFields.registries
  .unwrap()
  .valueType.pick({ plainHttp: true, caCert: true, insecureSkipVerify: true });

/** A site file. The published `site.schema.json` is generated from this. */
export const siteSchema = z.strictObject({
  $schema: z.string().optional(),
  apiVersion: bundleFields.apiVersion.optional(),
  ociImageRegistry: siteSection.optional(),
  config: z.strictObject({ ociImageRegistry: siteSection }).optional(),
  registries: z
    .record(z.string().min(1).describe('The endpoint.'), endpointAccess)
    .optional()
    .describe('How the endpoint is reached from here, by `host[:port]`.'),
  pullThrough: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'List of target paths that cannot be pushed to (proxy caches); absent: those of the bundle, moved.',
    ),
});

export type SiteDocument = z.output<typeof siteSchema>;

/** JSON Schema (draft 2020-12) of a site file for editors. */
export function siteJsonSchema(): unknown {
  const { $schema, ...schema } = z.toJSONSchema(siteSchema, { io: 'input' });
  return { $schema, title: 'airgap-bundle: a site file', ...schema };
}
