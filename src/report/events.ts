import type { Place } from './error.ts';

/** One fact about a running job, some of them a sentence for people. Renderers show it; work code never prints. */
export type Event =
  | { readonly kind: 'step'; readonly name: string }
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly state: ImageState;
      readonly detail?: string;
    }
  | {
      readonly kind: 'bytes';
      readonly done: number;
      readonly total: number;
      readonly images?: { readonly done: number; readonly total: number };
      /** Images that bytes are moving for now, in the order in which they began; their bytes of this run. */
      readonly running?: readonly {
        readonly image: string;
        readonly done: number;
        readonly total: number;
      }[];
    }
  | {
      readonly kind: 'warning';
      readonly message: string;
      readonly cure?: string;
      readonly place?: Place | undefined;
    }
  /** A value that must never be printed: listeners redact it from then on. */
  | { readonly kind: 'secret'; readonly value: string }
  | { readonly kind: 'note'; readonly message: string };

/** `copied`: bytes moved. `placed`: only mounted and tagged. `packed`: written into a bundle. `there`: nothing to do. */
export type ImageState = 'resolved' | 'copied' | 'placed' | 'packed' | 'there' | 'failed';

export type Emit = (event: Event) => void;
