import { type CatalogTable, lazyCatalog } from '../../../../shared/lake/catalog/catalog.ts';
import { signups } from '../../../helpers/glue.ts';

test('a lazy catalog is opened for the first table, and only once', async () => {
  let opened = 0;
  const pointed: CatalogTable[] = [];
  const catalog = lazyCatalog(async () => {
    opened += 1;
    return {
      point: async (table) => {
        pointed.push(table);
      },
    };
  });
  expect(opened).toBe(0);
  await Promise.all([catalog.point(signups(1)), catalog.point(signups(2))]);
  expect(opened).toBe(1);
  expect(pointed.map(({ metadataVersion }) => metadataVersion)).toEqual([1, 2]);
});
