export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Sent as Accept when a manifest is asked for: all that we can carry unchanged. */
export const manifestTypes = [ociIndex, dockerIndex, ociManifest, dockerManifest] as const;

export function isIndex(mediaType: string): boolean {
  return mediaType === ociIndex || mediaType === dockerIndex;
}

export function isImageManifest(mediaType: string): boolean {
  return mediaType === ociManifest || mediaType === dockerManifest;
}
