import { open } from 'node:fs/promises';
import { readFooter } from './footer.ts';
import { ThriftReader } from './thrift.ts';

/** Id in `FileMetaData`: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const ENCRYPTION_ALGORITHM = 8;

/** Whether columns of a file with a plain footer are encrypted: DuckDB would call them damaged. */
export const isEncrypted = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const { footer } = await readFooter(file);
    return new ThriftReader(footer).struct().has(ENCRYPTION_ALGORITHM);
  } catch (error) {
    // DuckDB says what is wrong with a footer that is none.
    if (error instanceof RangeError) return false;
    throw error;
  } finally {
    await file.close();
  }
};
