import { loadContract } from '../../../shared/contract/load.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';

const load = async (property: string, own: string, table = '') => {
  const properties = `properties:\n      - { name: id, logicalType: integer }\n      - { name: a, ${property}, customProperties: [${own}] }`;
  const yaml = contractYaml(`${properties}\n    customProperties: [${table}]`);
  const { columns } = await loadContract(sqlDirWith({ 'orders/contract.yaml': yaml }), 'orders');
  return columns;
};

const set = (property: string, value: string): string => `{ property: ${property}, value: ${value} }`;
const NUMBER = 'logicalType: number';

test('separators of the table are those of its numbers; a column of its own has none of them', async () => {
  const table = `${set('decimalSeparator', '","')}, ${set('thousandsSeparator', '"."')}`;
  const all = await load(NUMBER, '', table);
  expect(all.map(({ separators }) => separators)).toEqual([
    { decimal: ',', thousands: '.' },
    { decimal: ',', thousands: '.' },
  ]);
  const own = await load(NUMBER, set('thousandsSeparator', '""'), table);
  expect(own.map(({ separators }) => separators)).toEqual([{ decimal: ',', thousands: '.' }, undefined]);
  const text = await load('logicalType: string', '', table);
  expect(text[1]).not.toHaveProperty('separators');
});

test.each([
  [NUMBER, set('decimalSeparator', '";"'), '', '"." or ","'],
  [NUMBER, set('thousandsSeparator', 'x'), '', 'one of ".", ","'],
  [NUMBER, set('thousandsSeparator', '"."'), '', 'another character than the decimalSeparator, which is "."'],
  [NUMBER, '', set('thousandsSeparator', '"."'), 'another character than the decimalSeparator'],
  [NUMBER, set('decimalSeperator', '","'), '', 'did you mean "decimalSeparator"?'],
  ['logicalType: string', set('decimalSeparator', '","'), '', 'for columns of integers and numbers'],
  [NUMBER, set('epochUnit', 'seconds'), '', 'for columns of dates and timestamps'],
  ['logicalType: time', set('epochUnit', 'seconds'), '', 'for columns of dates and timestamps'],
  ['logicalType: date', set('epochUnit', 'minutes'), '', '"days" or "seconds"'],
  ['logicalType: date', '', set('epochUnit', 'days'), '"epochUnit" belongs under schema[0].properties'],
  [
    'logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy }',
    set('epochUnit', 'days'),
    '',
    'not allowed with a format',
  ],
  ['logicalType: date, transformLogic: today()', set('epochUnit', 'days'), '', 'on a derived column'],
])('{ %s } with %s (table: %s) is a mistake', async (property, own, table, message) => {
  await expect(load(property, own, table)).rejects.toMatchObject({
    name: 'ContractInvalid',
    message: expect.stringContaining(message),
  });
});
