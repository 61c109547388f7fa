import type * as z from 'zod';
import type { Inventory } from '../plan/inventory.ts';
import type { AirgapError, ErrorClass } from '../report/error.ts';
import {
  decode,
  firstIssue,
  inventoryLimit,
  listedFields,
  otherSpelling,
  overLimit,
  parseJson,
  refusal,
} from './inventory-json.ts';
import { inventoryFaults } from './inventory-rules.ts';
import { inventorySchema } from './inventory-schema.ts';

/**
 * Reads the exact bytes that `printInventory` writes, and nothing else: sh reads this document by lines, so its
 * layout is part of the format. A line is parsed when all before it were right, so what a stranger wrote costs no
 * more than its first wrong line, in time and memory.
 * @throws AirgapError of the given class, integrity when none is given
 */
export function parsePrintedInventory(
  bytes: Buffer,
  errorClass: ErrorClass = 'integrity',
): Inventory {
  const refused: Refused = (given, cause) => refusal(errorClass, given, cause);
  if (bytes.length > inventoryLimit) throw refused(overLimit(bytes.length));
  const fields = readFields(new Lines(bytes, refused));
  const result = inventorySchema.safeParse(
    Object.fromEntries(fields.map(({ name, value }) => [name, value])),
  );
  if (!result.success) throw refused(firstIssue(result.error.issues));
  if (!isSpelled(result.data, fields)) throw refused(otherSpelling);
  const inventory = withElements(result.data, fields);
  const [fault] = inventoryFaults(inventory);
  if (fault !== undefined) throw refused(fault);
  return inventory;
}

interface Field {
  readonly name: string;
  /** As it was printed, but without the elements of its list. */
  readonly text: string;
  readonly value: unknown;
  /** Of a list, each checked already. */
  readonly elements?: readonly unknown[] | undefined;
}

type Refused = (given: string, cause?: unknown) => AirgapError;

/** Gives one line after the other, each once. */
class Lines {
  #start = 0;
  #number = 0;
  readonly #bytes: Buffer;
  readonly refused: Refused;

  constructor(bytes: Buffer, refused: Refused) {
    this.#bytes = bytes;
    this.refused = (given, cause) => refused(`line ${this.#number}: ${given}`, cause);
  }

  next(): string {
    const end = this.#bytes.indexOf(0x0a, this.#start);
    if (end < 0) throw this.refused('the end is missing');
    this.#number += 1;
    const line = this.#bytes.subarray(this.#start, end);
    this.#start = end + 1;
    return decode(line, this.refused);
  }

  expect(line: string): void {
    if (this.next() !== line) throw this.refused(`not ${line}`);
  }

  end(): void {
    if (this.#start < this.#bytes.length) throw this.refused('more after the end');
  }
}

function readFields(lines: Lines): Field[] {
  const fields: Field[] = [];
  lines.expect('{');
  for (let isLast = false; !isLast; ) {
    const { name, rest } = fieldOf(lines);
    if (fields.some((field) => field.name === name)) throw lines.refused('a field twice');
    const elements = rest === '[' && listedFields.has(name) ? readList(name, lines) : undefined;
    const line = elements ? `[${lines.next()}` : rest;
    isLast = !line.endsWith(',');
    const text = isLast ? line : line.slice(0, -1);
    fields.push(
      elements
        ? { name, text, value: parseJson(text, lines.refused), elements }
        : readField(name, text, lines),
    );
  }
  lines.expect('}');
  lines.end();
  return fields;
}

function fieldOf(lines: Lines): { name: string; rest: string } {
  const line = lines.next();
  const name = /^"([A-Za-z]{1,32})": (?=.)/s.exec(line)?.[1];
  if (name === undefined) throw lines.refused('no field');
  if (!Object.hasOwn(inventorySchema.shape, name)) throw lines.refused(`an unknown field: ${name}`);
  return { name, rest: line.slice(name.length + 4) };
}

function readList(name: string, lines: Lines): unknown[] {
  const schema = elementSchemas[name as keyof typeof elementSchemas];
  const elements: unknown[] = [];
  for (let isLast = false; !isLast; ) {
    const line = lines.next();
    isLast = !line.endsWith(',');
    elements.push(readElement(schema, isLast ? line : line.slice(0, -1), lines));
  }
  return elements;
}

/** The blobs of a base are many too, and stand on one line. */
function readField(name: string, text: string, lines: Lines): Field {
  const from = text.indexOf(blobsStart) + blobsStart.length;
  const hasBlobs = name === 'base' && from >= blobsStart.length && text.endsWith('}]}');
  const outer = hasBlobs ? `${text.slice(0, from)}]}` : text;
  requireFew(outer, lines);
  const value = parseJson(outer, lines.refused);
  return hasBlobs
    ? { name, text: outer, value, elements: inlineBlobs(text, from, lines) }
    : { name, text, value };
}

function inlineBlobs(text: string, from: number, lines: Lines): unknown[] {
  const elements: unknown[] = [];
  const last = text.length - ']}'.length;
  for (let start = from; start < last; ) {
    const end = text.indexOf('}', start) + 1;
    elements.push(readElement(elementSchemas.blobs, text.slice(start, end), lines));
    if (end !== last && text[end] !== ',') throw lines.refused('no list of blobs');
    start = end + 1;
  }
  return elements;
}

const blobsStart = ',"blobs":[';

const { images, files, blobs } = inventorySchema.shape;
const elementSchemas = { images: images.element, files: files.element, blobs: blobs.element };

function readElement(schema: z.ZodType, text: string, lines: Lines): unknown {
  requireFew(text, lines);
  const result = schema.safeParse(parseJson(text, lines.refused));
  if (!result.success) throw lines.refused(firstIssue(result.error.issues));
  if (JSON.stringify(result.data) !== text) throw lines.refused(otherSpelling);
  return result.data;
}

const longest = 8 * 1024 * 1024;
const mostBesideStrings = 64 * 1024;

/** A long text is cheap. What is not text becomes values, which are not, and least of all when they are nested. */
function requireFew(text: string, lines: Lines): void {
  if (text.length <= mostBesideStrings) return;
  if (text.length > longest) throw lines.refused('a value of more than 8 MiB');
  const others = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '');
  if (others.length > mostBesideStrings) throw lines.refused('too many values');
}

/** Every field once, in the schema's order, in its shortest form. */
function isSpelled(inventory: Inventory, fields: readonly Field[]): boolean {
  const printed = Object.entries(inventory);
  return (
    printed.length === fields.length &&
    fields.every(({ name, text }, at) => {
      const [key, value] = printed[at] ?? [];
      return key === name && JSON.stringify(value) === text;
    })
  );
}

function withElements(inventory: Inventory, fields: readonly Field[]): Inventory {
  const lists = fields.filter(({ elements }) => elements !== undefined);
  const entries = lists.map(({ name, value, elements }) => [
    name,
    name === 'base' ? { ...(value as object), blobs: elements } : elements,
  ]);
  return { ...inventory, ...Object.fromEntries(entries) };
}
