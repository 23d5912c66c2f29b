import { open } from '../../../helpers/opened.ts';

test('double quotes win over apostrophes', async () => {
  const { source, rows } = await open(`id,name,dflt\n1,a,'x'\n2,"say ""hi""",'y'\n`);
  expect(source.quote).toBe('"');
  expect(rows).toEqual([
    ['1', 'a', "'x'"],
    ['2', 'say "hi"', "'y'"],
  ]);
});

test('one quoted comma among many records decides for double quotes', async () => {
  const records = Array.from({ length: 300 }, (_, i) => `${i},${i === 150 ? '"a, b"' : 'a'},'x'`);
  const { source } = await open(`id,name,dflt\n${records.join('\n')}`);
  expect(source).toMatchObject({ quote: '"', records: 300 });
});

test('double quotes within fields in apostrophes are data', async () => {
  const { source, rows } = await open(`id,note\n1,'a,"b",c'\n2,'x, y'\n`);
  expect(source.quote).toBe("'");
  expect(rows).toEqual([
    ['1', 'a,"b",c'],
    ['2', 'x, y'],
  ]);
});

test('a quote that ends a field which it did not begin shows a missing delimiter', async () => {
  const { rows, malformed } = await open(
    'id,type,descr,city\n1,Boots"Light, dry",Rome\n2,Cap,"Warm",Oslo\n3,Desk,24",Bonn\n4,a"b,c,d\n',
  );
  expect(malformed.map(({ line, rule }) => [line, rule])).toEqual([
    [2, 'quote'],
    [4, 'quote'],
  ]);
  expect(rows).toEqual([
    ['2', 'Cap', 'Warm', 'Oslo'],
    ['4', 'a"b', 'c', 'd'],
  ]);
});

test('where no field is quoted, a quote at the end of a field is data', async () => {
  const { rows, malformed } = await open('id,size,note\n1,24",x\n2,19"x36",36"\n3,Boots"Light, dry"\n');
  expect(rows).toEqual([
    ['1', '24"', 'x'],
    ['2', '19"x36"', '36"'],
  ]);
  expect(malformed).toMatchObject([{ line: 4, rule: 'quote' }]);
});

test('apostrophes that would join regular records to one are text', async () => {
  const { source, rows } = await open(
    "id,name,amount,day\n1,',1,2024-01-01\r\n2,',1,2024-01-01\n3,',1,2024-01-01\n4,',1,2024-01-01",
  );
  expect(source.quote).toBe('"');
  expect(rows.map(([id, name]) => [id, name])).toEqual(['1', '2', '3', '4'].map((id) => [id, "'"]));
});
