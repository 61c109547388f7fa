import { bundleJsonSchema } from '../../src/inputs/schema.ts';

/** A JSON Schema as zod prints it, as far as the reference shows it. */
interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** A field of bundle.yaml. */
export interface Field {
  /** `images[].values`, `registries.*.mirror`. */
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly standard: unknown;
  readonly meaning: string;
}

/** What has its words elsewhere on the page: the section under its other key, sources that are not taken. */
const asElsewhere = ['$schema', 'config', 'covers[]'];

/** Every field, in the order of the schema, parents first. */
export function schemaFields(): Field[] {
  const fields = below(bundleJsonSchema() as SchemaNode, '');
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

function below(node: SchemaNode, name: string): Field[] {
  const { properties = {}, additionalProperties, items, anyOf = [], required = [] } = node;
  return [
    ...Object.entries(properties).flatMap(([key, child]) =>
      withChildren(child, name === '' ? key : `${name}.${key}`, required.includes(key)),
    ),
    ...(additionalProperties ? below(additionalProperties, `${name}.*`) : []),
    ...(items ? withChildren(items, `${name}[]`, false) : []),
    // What one form of several needs is not needed by all.
    ...anyOf.flatMap((form) => below({ ...form, required: [] }, name)),
  ];
}

function withChildren(node: SchemaNode, name: string, isRequired: boolean): Field[] {
  if (asElsewhere.includes(name)) return [];
  const { description: meaning, default: standard } = node;
  const own = meaning ? [{ name, type: typeOf(node), isRequired, standard, meaning }] : [];
  return [...own, ...below(node, name)];
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(' or ');
  if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].join(', ');
  if (node.type === 'array') return node.items ? `list of ${typeOf(node.items)}` : 'list';
  if (node.type === 'object') return 'mapping';
  if (node.format) return node.format;
  const types = [node.type].flat().filter((type) => type !== undefined && type !== 'null');
  return types.map((type) => typeNames[String(type)] ?? String(type)).join(', ');
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: '`true` or `false`',
  integer: 'whole number',
};
