/** Holds tables to docs/contracts.md, "Types that a column can change to". */
import type { LogicalType } from '../../../shared/contract/model.ts';
import { silverType, type TypeHints } from '../../../shared/contract/silver-type.ts';
import { SchemaIncompatible } from '../../../shared/errors.ts';
import { evolveSchema } from '../../../shared/lake/iceberg/evolve.ts';

const integer = (format?: string): [LogicalType, TypeHints] => ['integer', { format }];
const decimal = (digits: string): [LogicalType, TypeHints] => [
  'number',
  { physicalType: `DECIMAL(${digits})` },
];

/** The types of a contract; those in one row are stored as the same type. */
const ALIKE: Record<string, [LogicalType, TypeHints][]> = {
  int: [integer('i8'), integer('i16'), integer('i32'), integer('u8'), integer('u16')],
  long: [integer('u32'), integer('i64'), integer()],
  u64: [integer('u64'), decimal('20,0')],
  f32: [['number', { format: 'f32' }]],
  f64: [
    ['number', { format: 'f64' }],
    ['number', {}],
  ],
  digits9: [decimal('9,2')],
  digits12: [decimal('12,2')],
  scale3: [decimal('12,3')],
  text: [
    ['string', {}],
    ['object', {}],
    ['array', {}],
  ],
  date: [['date', {}]],
  time: [['time', {}]],
  local: [['timestamp', {}]],
  zoned: [['timestamp', { timezone: true }]],
  boolean: [['boolean', {}]],
};

/** The types to which each type can change, besides itself. */
const WIDER: Record<string, string[]> = { int: ['long'], f32: ['f64'], digits9: ['digits12'] };

const all = Object.entries(ALIKE).flatMap(([kind, types]) =>
  types.map((type) => ({ kind, type: silverType(...type) ?? '' })),
);
const options = { where: 'silver.orders', lastColumnId: 0, identifier: [] };
const column = (type: string) => ({ identity: 'a', name: 'a', type, required: false });

test.each(all)('$type changes to what the docs say', ({ kind, type }) => {
  const base = evolveSchema(undefined, [column(type)], options);
  const becomes = all.filter((wanted) => {
    try {
      return evolveSchema(base, [column(wanted.type)], { ...options, lastColumnId: 1 }).columnIds.a === 1;
    } catch (error) {
      expect(error).toBeInstanceOf(SchemaIncompatible);
      return false;
    }
  });
  expect(becomes).toEqual(all.filter((wanted) => [kind, ...(WIDER[kind] ?? [])].includes(wanted.kind)));
});
