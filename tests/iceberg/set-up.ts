import makeFolders from '../setup/folders.ts';
import { pyIcebergPython } from './pyiceberg.ts';

/** Once, before test files run side by side. */
export default async (): Promise<void> => {
  makeFolders();
  await pyIcebergPython();
};
