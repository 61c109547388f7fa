import { expect, test } from 'vitest';
import { isSelected, type Selector } from '../../src/doctor/selector.ts';

const expression = (operator: string, ...values: string[]): Selector => ({
  matchExpressions: [{ key: 'a', operator, ...(values.length > 0 && { values }) }],
});

test.each<[string, Selector | undefined, Record<string, string> | undefined, boolean]>([
  ['no selector, no labels', undefined, undefined, true],
  ['an empty selector', {}, { a: '1' }, true],
  ['a label that is there', { matchLabels: { a: '1' } }, { a: '1', b: '2' }, true],
  ['a label with another value', { matchLabels: { a: '1' } }, { a: '2' }, false],
  ['a label that is missing', { matchLabels: { a: '1' } }, {}, false],
  ['two labels of which one is there', { matchLabels: { a: '1', b: '2' } }, { a: '1' }, false],
  ['In, one of them', expression('In', '1', '2'), { a: '2' }, true],
  ['In, none of them', expression('In', '1', '2'), { a: '3' }, false],
  ['In, no label', expression('In', '1'), {}, false],
  ['NotIn, one of them', expression('NotIn', '1'), { a: '1' }, false],
  ['NotIn, none of them', expression('NotIn', '1'), { a: '2' }, true],
  ['NotIn, no label', expression('NotIn', '1'), undefined, true],
  ['Exists', expression('Exists'), { a: '' }, true],
  ['Exists, no label', expression('Exists'), {}, false],
  ['DoesNotExist', expression('DoesNotExist'), { a: '1' }, false],
  ['DoesNotExist, no label', expression('DoesNotExist'), {}, true],
  ['an operator of the future', expression('Like', '1'), { a: '1' }, false],
  [
    'labels hold, an expression does not',
    { matchLabels: { a: '1' }, ...expression('NotIn', '1') },
    { a: '1' },
    false,
  ],
])('%s', (_, selector, labels, selected) => {
  expect(isSelected(selector, labels)).toBe(selected);
});
