import { InvalidInput } from '../../../shared/errors.ts';
import { FolderStore } from '../../../shared/lake/storage/folder-store.ts';
import { readRefusedFile, writeRefusedFile } from '../../../shared/run/refused-file.ts';
import { someEvent } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';
import { keysIn } from '../../helpers/silver-lake.ts';

const event = someEvent();
const REFUSED = { error: 'EmptyFile', contract_version: '1.0.0', contract_fingerprint: 'abc', format: 'csv' };

test('is read back in the same execution only, and for the same error', async () => {
  const lake = { silver: new FolderStore(scratch()) };
  await writeRefusedFile(lake, event, 'e1', REFUSED);
  expect(await readRefusedFile(lake, event, 'e1', 'EmptyFile')).toEqual(REFUSED);
  expect(await readRefusedFile(lake, event, 'e2', 'EmptyFile')).toBeUndefined();
  // The dataset was removed between two attempts of Validate.
  expect(await readRefusedFile(lake, event, 'e1', 'UnknownDataset')).toBeUndefined();
  expect(await readRefusedFile(lake, someEvent('signups/b.csv'), 'e1', 'EmptyFile')).toBeUndefined();
});

test.each(['secret', '{"error": "EmptyFile", "contract_version": "secret"}'])(
  'that is damaged is an error that names the place and no value: %s',
  async (body) => {
    const lake = { silver: new FolderStore(scratch()) };
    await writeRefusedFile(lake, event, 'e1', REFUSED);
    const [key = ''] = await keysIn(lake.silver, '_staging/');
    await lake.silver.write(key, body);
    const reading = readRefusedFile(lake, event, 'e1', 'EmptyFile');
    await expect(reading).rejects.toThrow(InvalidInput);
    await expect(reading).rejects.toThrow(key);
    await expect(reading).rejects.not.toThrow(/secret/);
  },
);
