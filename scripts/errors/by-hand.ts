import type { MadeClass } from './made-errors.ts';

/** What the code does not tell by itself of the errors that one file makes. */
export interface ByHand {
  /** By the expression of the class. */
  readonly classes?: Readonly<Record<string, readonly MadeClass[]>>;
  /** By the expression of the message; `<word>` for what is known in a run alone. */
  readonly messages?: Readonly<Record<string, readonly string[]>>;
  /** Expressions of messages that are those of another error, which is told anew. */
  readonly repeats?: readonly string[];
}

const notAName = 'not an image name: <text>: ';

/** What src/oci/reference.ts throws. */
const noReference = [
  'an image name must not be empty',
  `${notAName}64 hexadecimal characters are an image id, not a name`,
  `${notAName}<host> is not a registry's host[:port]`,
  `${notAName}the repository <repository> must be in lower case`,
  `${notAName}<repository> is not a repository`,
  `${notAName}the repository has <number> characters, 255 are allowed`,
  `${notAName}<tag> is not a tag`,
  `${notAName}<digest> is not a sha256 or sha512 digest in lower case`,
];

/** That these are right is held by the tests: each must be produced, and whatever is produced must be here. */
export const byHand: Readonly<Record<string, ByHand>> = {
  'src/bundle/inventory-json.ts': { classes: { errorClass: ['usage', 'integrity'] } },
  'src/cli.ts': {
    // Commander's.
    messages: {
      'message.replace(/^error: /, "")': [
        "unknown command '<word>'<suggestion>",
        "unknown option '<flag>'<suggestion>",
        "option '<flag>' argument missing",
        "option '<flag>' argument '<value>' is invalid. Allowed choices are <choices>.",
        "missing required argument '<name>'",
        'too many arguments<where>. Expected <number> argument<s> but got <number>.',
      ],
    },
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the expression as it is written there
  'src/commands/plan.ts': { repeats: ['`${kind}: ${message}`'] },
  'src/commands/resolve-images.ts': {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the expression as it is written there
    repeats: ['`${image} (${origin}): ${failure.message}`'],
    messages: { why: noReference },
  },
  'src/image-sources/found.ts': { messages: { 'cause.message': noReference } },
  'src/inputs/bundle-file.ts': { repeats: ['error.message'] },
  'src/inputs/read-map.ts': {
    messages: {
      message: [
        '<place>: <entry> has "::" more than once; the webhook ignores it',
        '<place>: <entry> has no "::"; the webhook ignores it',
        '<place>: <entry> has no "::", which a port needs; the webhook ignores it',
      ],
    },
  },
  'src/registry/waiting-window.ts': { repeats: ['message'] },
  'src/transfer/oras-errors.ts': {
    classes: {
      errorClass: [
        ...([
          'usage',
          'tool',
          'integrity',
          'authentication',
          'refused',
          'transient',
          'io',
        ] as const),
      ],
    },
  },
  'src/vendors/harbor-refusals.ts': { repeats: ['error.message'] },
};
