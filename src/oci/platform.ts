/** An entry's `platform` in an image index (image-spec, image-index.md). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

const part = /^[a-z0-9][a-z0-9._-]*$/;

/** Reads `os/architecture[/variant]`. @throws RangeError for any other form. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const [os, architecture, variant] = parts;
  if (parts.length > 3 || !os || !architecture || !parts.every((p) => part.test(p))) {
    throw new RangeError(`not a platform: ${JSON.stringify(text)}`);
  }
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/** Whether an index entry is one of those wanted: `linux/arm64` also takes `linux/arm64/v8`. */
export function platformMatches(wanted: Platform, have: Platform): boolean {
  return (
    wanted.os === have.os &&
    wanted.architecture === have.architecture &&
    (wanted.variant === undefined || wanted.variant === have.variant)
  );
}
